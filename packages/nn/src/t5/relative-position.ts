/**
 * Bucket of the distance between a query and a key (Raffel et al. 2020; T5): short distances have a bucket each, long
 * ones share logarithmic buckets.
 *
 * @param distance - key position minus query position
 * @param bidirectional - true for the encoder, where keys may stand on both sides
 */
function relativePositionBucket(
  distance: number,
  bidirectional: boolean,
  buckets: number,
  maxDistance: number,
): number {
  let offset = 0;
  let rest = buckets;
  let n: number;
  if (bidirectional) {
    rest = Math.floor(buckets / 2);
    if (distance > 0) offset = rest;
    n = Math.abs(distance);
  } else {
    n = Math.max(0, -distance);
  }
  const exact = Math.floor(rest / 2);
  if (n < exact) return offset + n;
  const far = exact + Math.floor((Math.log(n / exact) / Math.log(maxDistance / exact)) * (rest - exact));
  return offset + Math.min(rest - 1, far);
}

/** Buckets of every pair of a query and a key, row-major `queries x keys`; query `i` stands at position `first + i`. */
export function positionBuckets(
  queries: number,
  keys: number,
  options: {
    readonly bidirectional: boolean;
    readonly buckets: number;
    readonly maxDistance: number;
    readonly first?: number | undefined;
  },
): Int32Array {
  const { bidirectional, buckets, maxDistance, first = 0 } = options;
  const result = new Int32Array(queries * keys);
  for (let q = 0; q < queries; q++)
    for (let k = 0; k < keys; k++)
      result[q * keys + k] = relativePositionBucket(k - (first + q), bidirectional, buckets, maxDistance);
  return result;
}
