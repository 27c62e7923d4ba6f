import { InvalidInputError } from '../basics/errors.js';
import type { IdMap } from './id-map.js';

/**
 * Checks that the parts of a system name the same items by the same indexes.
 *
 * Costs a pass over the ids of each part that does not share its map with the first.
 *
 * @param items - the items that all parts must have; those of the first part if left out
 * @throws InvalidInputError naming the part and the first index at which it differs
 */
export function checkSameItems(
  parts: readonly { readonly name: string; readonly items: IdMap }[],
  items: IdMap | undefined = parts[0]?.items,
): void {
  for (const part of parts) {
    if (!items || part.items === items) continue;
    const size = Math.max(items.size, part.items.size);
    for (let at = 0; at < size; at++) {
      const [wanted, own] = [items, part.items].map((ids) => (at < ids.size ? ids.idOf(at) : 'none'));
      if (wanted === own) continue;
      throw new InvalidInputError({
        expected: `parts over the same items in the same order: ${JSON.stringify(wanted)} at index ${at}`,
        received: `${JSON.stringify(own)} in ${part.name}`,
        hint: 'Fit all parts on the same data set.',
      });
    }
  }
}
