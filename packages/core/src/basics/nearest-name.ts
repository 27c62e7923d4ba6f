import { InvalidInputError } from './errors.js';

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

/** Names that a message lists; the others are counted. */
const MOST_LISTED = 40;

/**
 * The error for a name that is none of those there are: it lists them, and says which was likely meant.
 *
 * @param what - how the message calls them: `"a suite"`
 * @param hint - advice where no name is near; by default to use one of the names
 *
 * @example
 * ```ts
 * console.log(unknownName('a suite', 'graf', ['graph', 'beauty']).hint); // Did you mean graph?
 * ```
 */
export function unknownName(
  what: string,
  given: unknown,
  known: readonly string[],
  hint?: string,
): InvalidInputError {
  const meant = nearestName(given, known);
  const [example] = known;
  const listed = known.slice(0, MOST_LISTED).join(', ') || '(none)';
  const more = known.length > MOST_LISTED ? ` and ${known.length - MOST_LISTED} more` : '';
  return new InvalidInputError({
    expected: `${what} among ${listed}${more}`,
    received: JSON.stringify(given) ?? String(given),
    hint:
      meant !== undefined
        ? `Did you mean ${meant}?`
        : (hint ??
          (example === undefined
            ? 'Leave it out: there is none.'
            : `Use one of these names, such as ${example}.`)),
  });
}

/**
 * The entry of a list that has a name.
 *
 * @param what - how the message calls it, as in {@link unknownName}
 * @throws InvalidInputError naming those that there are
 */
export function entryNamed<T>(
  what: string,
  entries: readonly T[],
  nameOf: (entry: T) => string,
  name: string,
): T {
  const found = entries.find((entry) => nameOf(entry) === name);
  if (found !== undefined) return found;
  throw unknownName(what, name, entries.map(nameOf));
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
