import { type Dataset, InvalidInputError } from '@palate/core';
import type { EncoderTask } from '../fit-encoder.js';
import { type NextItemSettings, NextItemTask } from '../next-item-task.js';
import type { SequenceEncoder } from '../sequence-encoder.js';
import { type ContrastiveSettings, ContrastiveTask } from './contrastive-task.js';

/** Full cross-entropy over the catalogue, of items that the user has not seen. */
export const NEXT_ITEM = {
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
  settings: ContrastiveSettings & NextItemShape & { readonly objective: 'next-item' | 'contrastive' },
): EncoderTask {
  if (settings.objective === 'next-item') return nextItemTask(dataset, encoder, settings);
  if (settings.packs)
    throw new InvalidInputError({
      expected: "packs with the objective 'next-item'",
      received: "packs with 'contrastive'",
      hint: 'Leave packs out: views of a history are compared by their newest positions, one view per row.',
    });
  return new ContrastiveTask(dataset, encoder, settings);
}

/** Settings of {@link nextItemTask}. */
type NextItemShape = Pick<NextItemSettings, 'dimension' | 'maxLength' | 'batchSize' | 'packs'>;

/** Ranking the next item against those that its user has not seen. */
export function nextItemTask(
  dataset: Dataset,
  encoder: SequenceEncoder,
  { dimension, maxLength, batchSize, packs }: NextItemShape,
): EncoderTask {
  return new NextItemTask(dataset, encoder, { ...NEXT_ITEM, dimension, maxLength, batchSize, packs });
}
