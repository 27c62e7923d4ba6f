import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { AdaptedVectors } from '../items/text-vectors.js';
import { taskOf } from './task-of.js';
import { CONTRASTIVE, TRANSFER } from './transfer-options.js';
import { type Transferable, transferable } from './transferable.js';
import type { TransferableModel } from './transferable-model.js';

/** Options of {@link UniSRec.fit}. */
export const UNISREC = defineOptions('UniSRec.fit', {
  ...TRANSFER,
  ...CONTRASTIVE,
  experts: option.integer({ min: 1, max: 64 })({
    default: 8,
    doc: 'experts of the adaptor, each of which shifts and projects the text vectors',
  }),
});

/** Options of {@link UniSRec.fit}; {@link UNISREC} says what each does. */
export type UniSRecOptions = OptionsOf<typeof UNISREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof UNISREC.declarations>;

/**
 * UniSRec (Hou et al. 2022): items are vectors of their texts through a mixture of whitening experts, histories a causal
 * transformer over them, scores cosines over a temperature. Pre-train on `joinDomains` of several catalogues with
 * `objective: 'contrastive'`; carry to another with `transfer`, or go on there with `from` (`tune: 'items'` for the adaptor
 * alone, as in the paper).
 */
export const UniSRec: Transferable<Config, UniSRecOptions> = transferable<Config, UniSRecOptions>({
  artifact: 'unisrec',
  name: 'UniSRec',
  declared: UNISREC,
  items:
    (texts, { dimension, experts }) =>
    (parameters, random) =>
      new AdaptedVectors(parameters, texts, dimension, experts, random),
  ofItems: (name) => name.startsWith('adaptor.'),
  task: taskOf,
});

/** A trained UniSRec. */
export type UniSRec = TransferableModel<Config>;
