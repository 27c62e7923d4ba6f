import type { Dataset } from '@palate/core';
import type { Effort, PipelineConfig, RetrieverConfig } from './options.js';

/** Interactions from which a transformer learns more than counting does. */
const LEAST_FOR_TRAINING = 20_000;
/** Items up to which an items x items matrix is kept: a quarter of a gigabyte. */
const MOST_FOR_EASE = 8000;

/**
 * A pipeline for data that nobody has said anything of: one method of use by the size of the data, and where there are texts
 * both of their words and of their meaning, for wishes.
 */
export function defaultPipeline({ log }: Dataset, hasTexts: boolean, effort: Effort): PipelineConfig {
  const byUse =
    effort === 'full' && log.length >= LEAST_FOR_TRAINING
      ? 'sasrec'
      : log.items.size <= MOST_FOR_EASE
        ? 'ease'
        : 'item-knn';
  const texts: RetrieverConfig[] = hasTexts ? [{ method: 'text-knn' }, { method: 'bm25' }] : [];
  return { retrievers: [...(log.length > 0 ? [{ method: byUse }] : []), ...texts] };
}
