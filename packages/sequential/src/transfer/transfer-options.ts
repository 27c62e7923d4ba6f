import { EmbeddingTable, option } from '@palate/core';
import { PACKING, SEQUENTIAL } from '../options.js';
import type { TransferableModel } from './transferable-model.js';

/** Parts to train of a model that continues another. */
const TUNE = ['all', 'items'] as const;

/** Options that models of texts share, beside those of SASRec and BERT4Rec. */
export const TRANSFER = {
  ...SEQUENTIAL,
  ...PACKING,
  vectors: option
    .value<EmbeddingTable>(
      'one vector per item (`EmbeddingTable`)',
      (value) => value instanceof EmbeddingTable,
    )
    .required({ doc: "vectors of the items' texts, all from one encoder" }),
  temperature: option.number({ min: 1e-3 })({
    default: 0.07,
    doc: 'divides the cosine of a history and an item; the result is the score',
  }),
  from: option
    .value<TransferableModel>(
      'a model of the same kind',
      (value) => typeof Object(value).transfer === 'function',
    )
    .optional({
      doc: 'a model trained on other catalogues, whose weights training starts from',
      identity: (model) => model.weightsIdentity(),
    }),
  tune: option.choice(TUNE)({
    default: 'all',
    doc: "what is trained after `from`: `'all'`, or only the part that makes the vectors of `'items'`",
  }),
} as const;

/** Options of contrastive pre-training. */
export const CONTRASTIVE = {
  objective: option.choice(['next-item', 'contrastive'])({
    default: 'next-item',
    doc: "`'next-item'` ranks the next item against the whole catalogue; `'contrastive'` ranks it against the items of the same step, from any catalogue, and pulls two views of a history together: for pre-training on several catalogues",
  }),
  sequenceWeight: option.number({ min: 0 })({
    default: 1e-3,
    doc: "weight of the part of `'contrastive'` that pulls views of a history together",
  }),
  itemDrop: option.number({ min: 0, max: 0.95 })({
    default: 0.2,
    doc: "chance that the second view of a history in `'contrastive'` lacks an item",
  }),
} as const;

/** Options of items as codes of their texts. */
export const CODES = {
  codes: option.integer({ min: 1, max: 256 })({ default: 32, doc: 'codes of an item' }),
  codeValues: option.integer({ min: 2, max: 65_536 })({
    default: 256,
    doc: 'values per code; at most the number of items',
  }),
} as const;
