/** Edits after which a name counts as another one, not as a misspelling. */
const MOST_EDITS = 2;

/**
 * Finds the name that a misspelt one was meant to be: the one that the fewest edits of single letters lead to, at most
 * two and fewer than half of its letters; letter case counts nothing.
 *
 * @returns nothing where no name is that near
 */
export function nearestName<T extends string>(given: unknown, names: readonly T[]): T | undefined {
  if (typeof given !== 'string' || given.length > 200) return undefined;
  let best: { name: T; edits: number } | undefined;
  for (const name of names) {
    const edits = editsBetween(given.toLowerCase(), name.toLowerCase());
    if (edits <= MOST_EDITS && 2 * edits < name.length && edits < (best?.edits ?? MOST_EDITS + 1))
      best = { name, edits };
  }
  return best?.name;
}

/** Letters to put in, take out or exchange (Levenshtein 1966). */
function editsBetween(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (const [i, letter] of [...a].entries()) {
    const row = [i + 1];
    for (const [k, other] of [...b].entries())
      row.push(
        Math.min(
          (before[k] as number) + (letter === other ? 0 : 1),
          (before[k + 1] as number) + 1,
          (row[k] as number) + 1,
        ),
      );
    before = row;
  }
  return before.at(-1) as number;
}
