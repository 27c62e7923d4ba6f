import { checkOptions, checkSharedIds } from '@palate/core';
import { type RankingData, SLICE, type Slice } from './ranking-options.js';
import type { UserRanking } from './user-ranking.js';
import type { UserValues } from './user-values.js';

/** Values of the users, or of the items, whose interactions a slice counts. */
export class SliceValues {
  readonly name: string;
  readonly values: UserValues;
  readonly #by: Slice['by'];
  readonly #isInside: (index: number) => boolean;

  /** @throws InvalidInputError for unknown options, or a log of other users or items */
  constructor(name: string, slice: Slice, data: RankingData, values: UserValues) {
    checkOptions(`the slice ${name}`, slice, SLICE.names);
    const { by, minimum, maximum, log = data.history } = SLICE.settings(slice);
    checkSharedIds(`the log of the slice ${name}`, log, data.test);
    const counts = by === 'item' ? log.itemCounts() : log.userCounts();
    this.name = name;
    this.values = values;
    this.#by = by;
    this.#isInside = (index) => counts[index]! >= minimum && counts[index]! <= maximum;
  }

  /**
   * Takes a user's ranking, if the user or one of the targets belongs to the slice.
   *
   * @param items - target items, by the index of the test log
   * @param relevant - targets that the system knows, of those that a rule keeps
   */
  add(
    user: number,
    items: readonly number[],
    ranking: UserRanking,
    list: readonly number[],
    relevant: (keep?: (item: number) => boolean) => Set<number>,
  ): void {
    const isInside = this.#isInside;
    if (this.#by === 'user') {
      if (isInside(user)) this.values.add(user, ranking, list, relevant());
    } else if (items.some(isInside)) this.values.add(user, ranking, list, relevant(isInside), isInside);
  }
}
