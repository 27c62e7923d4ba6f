import type { Dataset } from '@palate/core';
import type { ItemKnowledge, PipelineConfig } from '@palate/engine';
import { BUNDLED } from '../bundled.js';
import { knownTexts } from '../knowledge/known-texts.js';
import { hasKnowledge, knowledgeFolder } from '../knowledge/store-folder.js';
import { withStore } from '../knowledge/with-store.js';
import { filmKnowledge } from './film-knowledge.js';

/**
 * The texts that a language model wrote about a data set: those recorded with the bundled films, or those of
 * `palate knowledge run`; undefined where there are none.
 */
export async function knownOf(data: string, dataset: Dataset): Promise<ItemKnowledge | undefined> {
  if (data === BUNDLED) return filmKnowledge();
  const folder = await knowledgeFolder(data);
  if (!(await hasKnowledge(folder))) return undefined;
  return withStore(folder, (store) => knownTexts(store, dataset));
}

/** PALR over the bundled films: SASRec finds, a tuned ranker orders; wishes are found by meaning and words. */
const FILMS: PipelineConfig = {
  retrievers: [{ method: 'sasrec' }, { method: 'text-knn' }, { method: 'bm25' }],
  candidates: 50,
  rankers: [{ method: 'palr-local' }],
};

/** The pipeline of a data set, where it is not chosen from the data. */
export function pipelineFor(data: string, isLive: boolean): PipelineConfig | undefined {
  if (data !== BUNDLED) return undefined;
  return isLive ? { ...FILMS, rankers: [{ live: true }] } : FILMS;
}
