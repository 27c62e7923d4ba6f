import { fileURLToPath } from 'node:url';
import {
  checkOptions,
  type Dataset,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  withLog,
} from '@palate/core';
import { kCore, loadMovieTweetings } from '@palate/datasets';

/** The data files: beside `src` in the repository and beside `dist` in the package. */
export const DATA_FOLDER = fileURLToPath(new URL('../data', import.meta.url));

/** Options of {@link loadBundledMovieTweetings}. */
export interface BundledOptions extends LongCallOptions {
  /** `5` for the iterated 5-core (4,333 users, 2,414 films, 68,055 ratings), `'none'` for all. Default 5. */
  readonly core?: 5 | 'none' | undefined;
}

/**
 * Loads the bundled MovieTweetings 100K: ratings from 0 to 10 with times, film titles, years and genres. User
 * ids are the snapshot's numbers, item ids IMDb numbers. Takes a few tenths of a second.
 *
 * @throws InvalidInputError for another `core`
 */
export async function loadBundledMovieTweetings(options: BundledOptions = {}): Promise<Dataset> {
  checkOptions('loadBundledMovieTweetings', options, [...LONG_CALL_OPTIONS, 'core']);
  const core = options.core ?? 5;
  if (core !== 5 && core !== 'none')
    throw new InvalidInputError({
      expected: "core to be 5 or 'none'",
      received: JSON.stringify(core),
      hint: 'Load all and apply kCore of @palate/datasets for another core.',
    });
  const whole = await loadMovieTweetings(DATA_FOLDER, options);
  if (core === 'none') return { ...whole, name: 'MovieTweetings 100K' };
  return { ...withLog(whole, kCore(whole.log, { users: 5, items: 5 })), name: 'MovieTweetings 100K, 5-core' };
}
