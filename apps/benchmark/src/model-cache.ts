import { join } from 'node:path';
import { type Dataset, fingerprint, loadOrFit, type Saveable } from '@palate/core';
import { CACHE } from './item-texts.js';
import { hashOf } from './results.js';

/** Loads a model that was fitted on the same data with the same options, or fits and keeps it. */
export async function cachedModel<M extends Saveable>(
  kind: string,
  dataset: Dataset,
  options: unknown,
  load: (dir: string) => Promise<M>,
  fit: () => Promise<M>,
): Promise<M> {
  const dir = join(CACHE, 'models', `${kind}-${hashOf([fingerprint(dataset.log), options])}`);
  const { model } = await loadOrFit(dir, { load, fit });
  return model;
}
