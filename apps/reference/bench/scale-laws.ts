/** Size of a shop. */
export interface Size {
  readonly users: number;
  readonly items: number;
  /** Interactions of a user. */
  readonly each: number;
}

/** How something grows: a sum of terms, each a constant that is measured times a function of the size. */
export type Terms = readonly ((size: Size) => number)[];

/** How a method grows, by what it computes. */
export interface Law {
  /** Key of the method. */
  readonly method: string;
  /** Processor seconds of a fit. */
  readonly fit: Terms;
  /** Processor seconds of one user's list. */
  readonly list: Terms;
  /** Bytes of what a fit, or the model, holds at least. */
  readonly bytes: (size: Size) => number;
  /** What takes over where it stops. */
  readonly next: string;
}

const interactions = ({ users, each }: Size): number => users * each;
const one = (): number => 1;
const items = ({ items: count }: Size): number => count;
/** Width of the vectors that are reckoned with. */
const WIDTH = 64;

/** Methods of the registry that need nothing but interactions. */
export const LAWS: readonly Law[] = [
  {
    method: 'popularity',
    fit: [interactions],
    list: [one, items],
    bytes: (size) => 8 * size.items,
    next: 'nothing has to',
  },
  {
    method: 'item-knn',
    // Pairs that met in a history.
    fit: [(size) => interactions(size) * size.each],
    list: [one, items],
    bytes: (size) => 8 * 200 * size.items,
    next: 'fewer neighbours, or ials',
  },
  {
    method: 'ease',
    fit: [(size) => interactions(size) * size.each, (size) => size.items ** 3],
    list: [one, items],
    bytes: (size) => 4 * size.items ** 2,
    next: 'item-knn or ials',
  },
  {
    method: 'ials',
    fit: [interactions, (size) => size.users + size.items],
    list: [one, items],
    bytes: (size) => 4 * WIDTH * (size.users + size.items),
    next: 'its item vectors in pgvector; users folded in when they ask',
  },
  {
    method: 'sasrec',
    fit: [interactions, (size) => interactions(size) * size.items],
    list: [one, items],
    bytes: (size) => 4 * 4 * WIDTH * size.items,
    next: "loss: 'sampled-softmax', and its item vectors in an HNSW index",
  },
];

/**
 * Finds the constants of a law from measurements: least squares with as many terms as fit, none of them negative.
 *
 * @param measured - at least as many sizes as terms
 */
export function constantsOf(
  terms: Terms,
  measured: readonly { readonly size: Size; readonly value: number }[],
): number[] {
  const [first, second] = terms;
  const sum = (of: (size: Size, value: number) => number): number =>
    measured.reduce((all, { size, value }) => all + of(size, value), 0);
  // In shares of each value, so that a small measurement counts as much as a large one.
  const alone = (term: (size: Size) => number): number =>
    sum((size, value) => term(size) / value) / sum((size, value) => (term(size) / value) ** 2);
  if (!first) return [];
  if (!second) return [alone(first)];
  const [aa, ab, bb, a, b] = [
    sum((size, value) => (first(size) / value) ** 2),
    sum((size, value) => (first(size) * second(size)) / value ** 2),
    sum((size, value) => (second(size) / value) ** 2),
    sum((size, value) => first(size) / value),
    sum((size, value) => second(size) / value),
  ] as [number, number, number, number, number];
  const determinant = aa * bb - ab * ab;
  const both = [(a * bb - b * ab) / determinant, (b * aa - a * ab) / determinant];
  if (both.every((constant) => Number.isFinite(constant) && constant >= 0)) return both;
  return (both[0] ?? -1) < 0 ? [0, alone(second)] : [alone(first), 0];
}

/** The value of a law at a size. */
export const amountOf = (terms: Terms, constants: readonly number[], size: Size): number =>
  terms.reduce((sum, term, k) => sum + term(size) * (constants[k] ?? 0), 0);

/** The most items, to two digits, for which a bound holds; 0 where it never does. */
export function mostItems(size: Size, holds: (size: Size) => boolean): number {
  let found = 0;
  for (let power = 2; power <= 10; power++)
    for (let digit = 1; digit < 10; digit++)
      if (holds({ ...size, items: digit * 10 ** power })) found = digit * 10 ** power;
  return found;
}
