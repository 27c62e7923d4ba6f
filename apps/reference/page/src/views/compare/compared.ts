import type { AnswerItem } from '../../api/types.js';

/** How an item of one list stands to the others. */
export interface Difference {
  /** Lists that hold the item, this one included. */
  readonly lists: number;
  /** Ranks that it gained against the first list; nothing in the first list, and for what that lacks. */
  readonly gained: number | undefined;
}

/** The difference of each item of a list, by id. */
export function differences(
  lists: readonly (readonly AnswerItem[])[],
  index: number,
): ReadonlyMap<string, Difference> {
  const first = new Map(lists[0]?.map(({ id, rank }) => [id, rank]));
  return new Map(
    (lists[index] ?? []).map(({ id, rank }) => {
      const before = first.get(id);
      return [
        id,
        {
          lists: lists.filter((list) => list.some((item) => item.id === id)).length,
          gained: index === 0 || before === undefined ? undefined : before - rank,
        },
      ];
    }),
  );
}

/** How many items two lists share. */
export function shared(a: readonly AnswerItem[], b: readonly AnswerItem[]): number {
  const ids = new Set(a.map(({ id }) => id));
  return b.filter(({ id }) => ids.has(id)).length;
}
