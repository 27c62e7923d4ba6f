import { type Dataset, defineOptions, type EmbeddingTable, type LongCallOptions } from '@palate/core';
import { RPG, Rpg, UNISREC, UniSRec, VQREC, VqRec, ZESREC, ZesRec } from '@palate/sequential';
import { trainingOptions } from './fit-options.js';
import type { FittedMethod, Method, MethodSettings } from './method.js';

/** A model of histories whose items are vectors of texts. */
interface TextSequenceModel {
  fit(
    dataset: Dataset,
    options: LongCallOptions & { readonly vectors: EmbeddingTable },
  ): Promise<FittedMethod>;
  load(dir: string): Promise<FittedMethod>;
}

/**
 * Makes the method of a model. Settings are what is worth waiting for on two cores, and what shows that all works.
 *
 * @param quick - further settings of the quick fit
 */
function textSequence(
  own: Pick<Method, 'key' | 'title' | 'options'>,
  model: TextSequenceModel,
  quick: MethodSettings = {},
): Method {
  return {
    ...own,
    package: '@palate/sequential',
    kind: 'retriever',
    deterministic: false,
    needs: ['history', 'item texts', 'training'],
    defaults: {
      full: { epochs: 30, batchSize: 64, learningRate: 0.002 },
      quick: { epochs: 1, batchSize: 128, learningRate: 0.004, maxLength: 10, ...quick },
    },
    fit: async (dataset, settings, context) =>
      model.fit(dataset, {
        ...settings,
        vectors: await context.itemVectors(),
        ...trainingOptions(context),
      }),
    load: (dir) => model.load(dir),
  };
}

// Vectors, and a model to go on from, are given in code, not in a configuration.
const { vectors: _u, from: _uf, ...UNISREC_OWN } = UNISREC.declarations;
const { vectors: _z, from: _zf, ...ZESREC_OWN } = ZESREC.declarations;
const { vectors: _v, from: _vf, ...VQREC_OWN } = VQREC.declarations;
const { vectors: _r, from: _rf, ...RPG_OWN } = RPG.declarations;

/** UniSRec: a mixture of experts makes items of their texts' vectors. */
export const uniSRec = textSequence(
  {
    key: 'unisrec',
    title: 'transformer over texts, through an adaptor',
    options: defineOptions('unisrec', UNISREC_OWN),
  },
  UniSRec,
);

/** ZESRec: texts, and an offset of each item from what its text says. */
export const zesRec = textSequence(
  {
    key: 'zesrec',
    title: 'transformer over texts, with offsets of items',
    options: defineOptions('zesrec', ZESREC_OWN),
  },
  ZesRec,
);

/** VQ-Rec: codes of texts, whose vectors are learned. */
export const vqRec = textSequence(
  {
    key: 'vq-rec',
    title: 'transformer over codes of texts',
    options: defineOptions('vq-rec', VQREC_OWN),
  },
  VqRec,
  { codes: 8, codeValues: 16 },
);

/** RPG: many codes of texts, all predicted at once. */
export const rpg = textSequence(
  {
    key: 'rpg',
    title: 'codes of texts, predicted in parallel',
    options: defineOptions('rpg', RPG_OWN),
  },
  Rpg,
  { codes: 8, codeValues: 16 },
);
