/** Lengths of a list that can be chosen. */
export const LENGTHS = [5, 10, 20, 50] as const;

/** Length of a list where its address names none. */
const USUAL = 10;

/** The length that an address names; the usual one where it names none of those that can be chosen. */
export function readLength(query: URLSearchParams): number {
  const k = Number(query.get('k'));
  return LENGTHS.find((each) => each === k) ?? USUAL;
}

/** The length as a field of an address, which the usual one is left out of. */
export function lengthField(k: number): string | undefined {
  return k === USUAL ? undefined : String(k);
}
