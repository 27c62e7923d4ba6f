import { InvalidInputError } from '@palate/core';

/** Parts of an index. */
export interface HnswShape {
  readonly width: number;
  /** Links a vector on each level above the lowest; twice as many there. */
  readonly links: number;
  /** Vectors, removed ones included. */
  readonly count: number;
}

/** Bytes before the first vector. */
const HEADER = 96;

/**
 * Checks a file of hnswlib from its first byte to its last before the library, which trusts what it reads, opens it:
 * sizes against the length of the file, links against the number of vectors, and that every label is there once.
 *
 * A pass over the bytes; nothing is allocated beyond two numbers a vector.
 *
 * @throws InvalidInputError naming what does not hold
 */
export function checkHnswFile(bytes: Uint8Array, { width, links, count }: HnswShape): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const require = (holds: boolean, expected: string, received: string | number): void => {
    if (!holds)
      throw new InvalidInputError({
        expected: `${expected} in the graph`,
        received: String(received),
        hint: 'Build the index again.',
      });
  };
  require(bytes.length >= HEADER, `a header of ${HEADER} bytes`, `${bytes.length} bytes`);
  const whole = (at: number): number => Number(view.getBigUint64(at, true));
  const lowestLinks = 4 + 2 * links * 4;
  const labelAt = lowestLinks + 4 * width;
  const element = labelAt + 8;
  const header: readonly (readonly [string, number, number])[] = [
    ['links at 0', whole(0), 0],
    [`${count} vectors`, whole(16), count],
    [`${element} bytes per vector`, whole(24), element],
    [`labels at ${labelAt}`, whole(32), labelAt],
    [`vectors at ${lowestLinks}`, whole(40), lowestLinks],
    [`${links} links`, whole(56), links],
    [`${2 * links} links on the lowest level`, whole(64), 2 * links],
    [`${links} links asked for`, whole(72), links],
  ];
  for (const [expected, found, right] of header) require(found === right, expected, found);
  const room = whole(8);
  require(room >= count && room <= 2 * count + 1024, `room for about ${count} vectors`, room);
  const rate = view.getFloat64(80, true);
  require(Math.abs(rate * Math.log(links) - 1) < 1e-6, 'levels drawn as the links ask', rate);
  const highest = view.getInt32(48, true);
  const entry = view.getUint32(52, true);
  require(bytes.length >= HEADER + count * element, `${count} vectors`, `${bytes.length} bytes`);

  const labelled = new Uint8Array(count);
  const neighbours = (at: number, most: number, accepts: (other: number) => boolean): void => {
    const own = view.getUint16(at, true);
    require(own <= most, `at most ${most} links of a vector`, own);
    for (let k = 0; k < own; k++) {
      const other = view.getUint32(at + 4 + 4 * k, true);
      require(other < count && accepts(other), 'links to vectors of the level', other);
    }
  };
  for (let k = 0; k < count; k++) {
    const at = HEADER + k * element;
    neighbours(at, 2 * links, () => true);
    for (let value = 0; value < width; value++) {
      const number = view.getFloat32(at + lowestLinks + 4 * value, true);
      require(Number.isFinite(number), 'finite vectors', number);
    }
    const label = whole(at + labelAt);
    require(label < count && labelled[label] === 0, `each label below ${count} once`, label);
    labelled[label] = 1;
  }
  // Then, for each vector, the links of its levels above the lowest.
  const perLevel = 4 + 4 * links;
  const levels = new Int32Array(count);
  const starts = new Float64Array(count);
  let at = HEADER + count * element;
  for (let k = 0; k < count; k++) {
    require(at + 4 <= bytes.length, 'the levels of every vector', `${bytes.length} bytes`);
    const size = view.getUint32(at, true);
    levels[k] = size / perLevel;
    starts[k] = at + 4;
    at += 4 + size;
    require(size % perLevel === 0 && at <= bytes.length, 'whole levels of links', size);
    require(levels[k]! <= highest, `levels up to ${highest}`, levels[k]!);
  }
  require(at === bytes.length, `${at} bytes`, bytes.length);
  for (let k = 0; k < count; k++)
    for (let level = 1; level <= levels[k]!; level++)
      neighbours(starts[k]! + (level - 1) * perLevel, links, (other) => levels[other]! >= level);
  if (count > 0)
    require(entry < count && levels[entry] === highest, `an entry on the level ${highest}`, entry);
}
