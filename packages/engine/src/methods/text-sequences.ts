import { defineOptions } from '@palate/core';
import { UNISREC, UniSRec, VQREC, VqRec, ZESREC, ZesRec } from '@palate/sequential';
import { trainingOptions } from './fit-options.js';
import type { Method } from './method.js';

/** Settings of all three: what is worth waiting for on two cores, and what shows that all works. */
const DEFAULTS = {
  full: { epochs: 30, batchSize: 64, learningRate: 0.002 },
  quick: { epochs: 1, batchSize: 128, learningRate: 0.004, maxLength: 10 },
} as const;

const { vectors: _u, from: _uf, ...UNISREC_OWN } = UNISREC.declarations;
const { vectors: _z, from: _zf, ...ZESREC_OWN } = ZESREC.declarations;
const { vectors: _v, from: _vf, ...VQREC_OWN } = VQREC.declarations;

/** Parts that the three methods share. */
const SHARED = {
  package: '@palate/sequential',
  kind: 'retriever',
  deterministic: false,
  needs: ['history', 'item texts', 'training'],
} as const;

/** UniSRec: a mixture of experts makes items of their texts' vectors. */
export const uniSRec: Method = {
  ...SHARED,
  key: 'unisrec',
  title: 'transformer over texts, through an adaptor',
  options: defineOptions('unisrec', UNISREC_OWN),
  defaults: DEFAULTS,
  fit: async (dataset, settings, context) =>
    UniSRec.fit(dataset, {
      ...settings,
      vectors: await context.itemVectors(),
      ...trainingOptions(context),
    }),
  load: (dir) => UniSRec.load(dir),
};

/** ZESRec: texts, and an offset of each item from what its text says. */
export const zesRec: Method = {
  ...SHARED,
  key: 'zesrec',
  title: 'transformer over texts, with offsets of items',
  options: defineOptions('zesrec', ZESREC_OWN),
  defaults: DEFAULTS,
  fit: async (dataset, settings, context) =>
    ZesRec.fit(dataset, {
      ...settings,
      vectors: await context.itemVectors(),
      ...trainingOptions(context),
    }),
  load: (dir) => ZesRec.load(dir),
};

/** VQ-Rec: codes of texts, whose vectors are learned. */
export const vqRec: Method = {
  ...SHARED,
  key: 'vq-rec',
  title: 'transformer over codes of texts',
  options: defineOptions('vq-rec', VQREC_OWN),
  defaults: { full: DEFAULTS.full, quick: { ...DEFAULTS.quick, codes: 8, codeValues: 16 } },
  fit: async (dataset, settings, context) =>
    VqRec.fit(dataset, {
      ...settings,
      vectors: await context.itemVectors(),
      ...trainingOptions(context),
    }),
  load: (dir) => VqRec.load(dir),
};
