import type { Dataset } from '@palate/core';
import type { EncoderTask } from '../fit-encoder.js';
import { NextItemTask } from '../next-item-task.js';
import type { SequenceEncoder } from '../sequence-encoder.js';
import { type ContrastiveSettings, ContrastiveTask } from './contrastive-task.js';

/** Full cross-entropy over the catalogue, of items that the user has not seen. */
const NEXT_ITEM = {
  windows: 'newest',
  loss: 'cross-entropy',
  competitors: 'unseen',
  negatives: 1,
  sampling: 'uniform',
  shareNegatives: false,
  logQ: false,
  calibration: 0,
} as const;

/** The task of an objective of models of texts. */
export function taskOf(
  dataset: Dataset,
  encoder: SequenceEncoder,
  settings: ContrastiveSettings & { readonly objective: 'next-item' | 'contrastive' },
): EncoderTask {
  return settings.objective === 'contrastive'
    ? new ContrastiveTask(dataset, encoder, settings)
    : nextItemTask(dataset, encoder, settings);
}

/** Ranking the next item against those that its user has not seen. */
export function nextItemTask(
  dataset: Dataset,
  encoder: SequenceEncoder,
  { dimension, maxLength, batchSize }: Pick<ContrastiveSettings, 'dimension' | 'maxLength' | 'batchSize'>,
): EncoderTask {
  return new NextItemTask(dataset, encoder, { ...NEXT_ITEM, dimension, maxLength, batchSize });
}
