import { fileURLToPath } from 'node:url';
import {
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  withLog,
} from '@palate/core';
import { kCore, loadMovieTweetings } from '@palate/datasets';

/** The data files: beside `src` in the repository and beside `dist` in the package. */
export const DATA_FOLDER = fileURLToPath(new URL('../data', import.meta.url));

/** Options of {@link loadBundledMovieTweetings}. */
export const BUNDLED = defineOptions('loadBundledMovieTweetings', {
  core: option.value<5 | 'none'>(
    "5 or 'none' (load all and apply kCore of @palate/datasets for another core)",
    (value) => value === 5 || value === 'none',
  )({
    default: 5,
    doc: "5 for the iterated 5-core (4,333 users, 2,414 films, 68,055 ratings), `'none'` for all",
  }),
});

/** Options of {@link loadBundledMovieTweetings}; {@link BUNDLED} says what each does. */
export type BundledOptions = OptionsOf<typeof BUNDLED.declarations> & LongCallOptions;

/**
 * Loads the bundled MovieTweetings 100K: ratings from 0 to 10 with times, film titles, years and genres. User
 * ids are the snapshot's numbers, item ids IMDb numbers. Takes a few tenths of a second.
 *
 * @throws InvalidInputError for another `core`
 */
export async function loadBundledMovieTweetings(options: BundledOptions = {}): Promise<Dataset> {
  const { core } = BUNDLED.settings(options);
  const whole = await loadMovieTweetings(DATA_FOLDER, options);
  if (core === 'none') return { ...whole, name: 'MovieTweetings 100K' };
  return { ...withLog(whole, kCore(whole.log, { users: 5, items: 5 })), name: 'MovieTweetings 100K, 5-core' };
}
