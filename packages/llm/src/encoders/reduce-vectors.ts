import {
  checkNumber,
  defineOptions,
  EmbeddingTable,
  InvalidInputError,
  type OptionsOf,
  option,
  RandomStream,
} from '@palate/core';

/** Options of {@link reduceVectors}. */
export const REDUCE_VECTORS = defineOptions(
  'reduceVectors',
  {
    width: option
      .integer({ min: 1 })
      .required({ doc: 'width of the reduced vectors, at most that of the table' }),
    whiten: option.boolean()({ default: true, doc: 'scales every component to variance 1' }),
    fitOn: option
      .value<Iterable<string>>('ids', (value) => typeof Object(value)[Symbol.iterator] === 'function')
      .optional({
        doc: 'ids whose vectors the components are fitted on, such as training items or users; left out: all',
      }),
    seed: option.integer()({ default: 0, doc: 'seed of the iteration’s first directions' }),
  },
  [],
);

/** Options of {@link reduceVectors}; {@link REDUCE_VECTORS} says what each does. */
export type ReduceVectorsOptions = OptionsOf<typeof REDUCE_VECTORS.declarations>;

/** Rounds of subspace iteration: the components of text vectors fall off fast enough for fewer. */
const ROUNDS = 60;

/**
 * The leading principal components of vectors, without their mean.
 *
 * By subspace iteration on the covariance with a Rayleigh-Ritz step, in double precision. Costs
 * `rows x from^2 + 60 x from^2 x to` operations.
 *
 * @throws InvalidInputError if there are fewer rows than components
 */
export function reduceVectors(table: EmbeddingTable, options: ReduceVectorsOptions): EmbeddingTable {
  const { width, whiten, fitOn, seed } = REDUCE_VECTORS.settings(options);
  const from = table.width;
  const to = checkNumber('width', width, { max: from });
  const rows = fitOn
    ? Array.from(fitOn, (id) => table.ids.indexOf(id))
    : Array.from({ length: table.ids.size }, (_, row) => row);
  if (rows.length < to)
    throw new InvalidInputError({
      expected: `at least ${to} vectors for ${to} components`,
      received: String(rows.length),
      hint: 'Ask for fewer components.',
    });
  const mean = new Float64Array(from);
  for (const row of rows)
    for (let k = 0; k < from; k++) mean[k]! += table.data[row * from + k]! / rows.length;
  const covariance = new Float64Array(from * from);
  const centred = new Float64Array(from);
  for (const row of rows) {
    for (let k = 0; k < from; k++) centred[k] = table.data[row * from + k]! - mean[k]!;
    for (let i = 0; i < from; i++) {
      const value = centred[i]! / rows.length;
      for (let j = 0; j <= i; j++) covariance[i * from + j]! += value * centred[j]!;
    }
  }
  for (let i = 0; i < from; i++)
    for (let j = 0; j < i; j++) covariance[j * from + i] = covariance[i * from + j]!;
  const { basis, variances } = leadingComponents(covariance, from, to, new RandomStream(seed));
  const data = new Float32Array(table.ids.size * to);
  const scale = Float64Array.from(variances, (variance) =>
    whiten ? 1 / Math.sqrt(Math.max(variance, 1e-12)) : 1,
  );
  for (let row = 0; row < table.ids.size; row++)
    for (let component = 0; component < to; component++) {
      let sum = 0;
      for (let k = 0; k < from; k++)
        sum += (table.data[row * from + k]! - mean[k]!) * basis[component * from + k]!;
      data[row * to + component] = sum * scale[component]!;
    }
  return new EmbeddingTable(table.ids, to, data, table.provenance);
}

/** Orthonormal rows that span the directions of most variance, with the variance along each, falling. */
function leadingComponents(
  covariance: Float64Array,
  from: number,
  to: number,
  random: RandomStream,
): { readonly basis: Float64Array; readonly variances: Float64Array } {
  // A few more directions than asked for make the last ones converge.
  const count = Math.min(from, to + 8);
  let basis: Float64Array = Float64Array.from({ length: count * from }, () => random.normal());
  orthonormalise(basis, count, from);
  for (let round = 0; round < ROUNDS; round++) {
    basis = apply(covariance, basis, count, from);
    orthonormalise(basis, count, from);
  }
  const image = apply(covariance, basis, count, from);
  const projected = new Float64Array(count * count);
  for (let a = 0; a < count; a++)
    for (let b = 0; b < count; b++) {
      let sum = 0;
      for (let k = 0; k < from; k++) sum += basis[a * from + k]! * image[b * from + k]!;
      projected[a * count + b] = sum;
    }
  const { vectors, values } = jacobi(projected, count);
  const order = Array.from(values.keys())
    .sort((a, b) => values[b]! - values[a]!)
    .slice(0, to);
  const rotated = new Float64Array(to * from);
  for (const [component, column] of order.entries())
    for (let a = 0; a < count; a++) {
      const weight = vectors[a * count + column]!;
      for (let k = 0; k < from; k++) rotated[component * from + k]! += weight * basis[a * from + k]!;
    }
  return { basis: rotated, variances: Float64Array.from(order, (column) => Math.max(0, values[column]!)) };
}

/** Each row times a symmetric matrix. */
function apply(matrix: Float64Array, rows: Float64Array, count: number, width: number): Float64Array {
  const result = new Float64Array(count * width);
  for (let a = 0; a < count; a++)
    for (let i = 0; i < width; i++) {
      const weight = rows[a * width + i]!;
      if (weight === 0) continue;
      for (let j = 0; j < width; j++) result[a * width + j]! += weight * matrix[i * width + j]!;
    }
  return result;
}

/** Gram-Schmidt, twice for the digits that the first pass loses, in place. */
function orthonormalise(rows: Float64Array, count: number, width: number): void {
  for (let a = 0; a < count; a++) {
    const own = rows.subarray(a * width, (a + 1) * width);
    for (let pass = 0; pass < 2; pass++)
      for (let b = 0; b < a; b++) {
        let product = 0;
        for (let k = 0; k < width; k++) product += own[k]! * rows[b * width + k]!;
        for (let k = 0; k < width; k++) own[k]! -= product * rows[b * width + k]!;
      }
    let square = 0;
    for (let k = 0; k < width; k++) square += own[k]! ** 2;
    // Fewer directions than asked for carry variance: any orthogonal one will do, and it stays at zero.
    const norm = Math.sqrt(square);
    for (let k = 0; k < width; k++) own[k] = norm > 1e-150 ? own[k]! / norm : 0;
  }
}

/** Eigenvectors (as columns) and eigenvalues of a small symmetric matrix by Jacobi rotations. */
function jacobi(
  symmetric: Float64Array,
  size: number,
): { readonly vectors: Float64Array; readonly values: Float64Array } {
  const a = symmetric.slice();
  const v = new Float64Array(size * size);
  for (let k = 0; k < size; k++) v[k * size + k] = 1;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) for (let q = 0; q < p; q++) off += a[p * size + q]! ** 2;
    if (off < 1e-24) break;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) {
        const apq = a[p * size + q]!;
        if (Math.abs(apq) < 1e-300) continue;
        const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < size; k++) {
          const [x, y] = [a[k * size + p]!, a[k * size + q]!];
          a[k * size + p] = c * x - s * y;
          a[k * size + q] = s * x + c * y;
        }
        for (let k = 0; k < size; k++) {
          const [x, y] = [a[p * size + k]!, a[q * size + k]!];
          a[p * size + k] = c * x - s * y;
          a[q * size + k] = s * x + c * y;
          const [m, n] = [v[k * size + p]!, v[k * size + q]!];
          v[k * size + p] = c * m - s * n;
          v[k * size + q] = s * m + c * n;
        }
      }
  }
  return { vectors: v, values: Float64Array.from({ length: size }, (_, k) => a[k * size + k]!) };
}
