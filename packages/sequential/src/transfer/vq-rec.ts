import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { CodeVectors } from '../items/text-vectors.js';
import { ofCodes } from './of-codes.js';
import { taskOf } from './task-of.js';
import { CODES, CONTRASTIVE, TRANSFER } from './transfer-options.js';
import { type Transferable, transferable } from './transferable.js';
import type { TransferableModel } from './transferable-model.js';

/** Options of {@link VqRec.fit}. */
export const VQREC = defineOptions('VqRec.fit', {
  ...TRANSFER,
  ...CONTRASTIVE,
  ...CODES,
  mixShare: option.number({ min: 0, max: 1 })({
    default: 0.75,
    doc: "share of codes that the synthetic negatives of `'contrastive'` take from other items",
  }),
  permutes: option.boolean()({
    default: ({ from }) => from !== undefined,
    defaultText: 'true if `from` is given',
    doc: 'learns a permutation of each code’s values, since codes have other meanings in another catalogue',
  }),
});

/** Options of {@link VqRec.fit}; {@link VQREC} says what each does. */
export type VqRecOptions = OptionsOf<typeof VQREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof VQREC.declarations>;

/**
 * VQ-Rec (Hou et al. 2023): the vector of a text becomes codes by optimised product quantisation, and an item is the mean of
 * the learned vectors of its codes. Where a model goes on in another catalogue (`from`) the codes are the ones that it was
 * trained with, and a permutation of each is learned.
 */
export const VqRec: Transferable<Config, VqRecOptions> = transferable<Config, VqRecOptions>({
  artifact: 'vq-rec',
  name: 'VQ-Rec',
  declared: VQREC,
  ...ofCodes(
    (codes, { dimension, permutes }) =>
      (parameters, random) =>
        new CodeVectors(parameters, codes, dimension, permutes, random),
  ),
  ofItems: (name) => name.startsWith('codes.') || name.startsWith('permutation.'),
  task: taskOf,
  // The codes of another catalogue mean what they meant in that of the fit.
  carriedConfig: (config) => ({ ...config, permutes: false }),
});

/** A trained VQ-Rec. */
export type VqRec = TransferableModel<Config>;
