import { defineOptions, type EmbeddingTable, InvalidInputError, option } from '@palate/core';
import { joinVectors } from '@palate/llm';
import {
  CODEBOOKS,
  type CodebookClass,
  type CodebookKind,
  RqVae,
  SemanticIds,
  TIGER,
  Tiger,
} from '@palate/semantic-id';
import { SasRec } from '@palate/sequential';
import { trainingOptions } from './fit-options.js';
import type { FitContext, Method } from './method.js';

const KINDS = Object.keys(CODEBOOKS) as CodebookKind[];
/** Codes a level where there are items enough. */
const CODES = 256;

const { ids: _, ...OWN } = TIGER.declarations;

/** Options of TIGER with semantic IDs made on the way. */
const OPTIONS = defineOptions('tiger', {
  codebook: option.choice(KINDS)({ default: 'rq-vae', doc: 'how text vectors become codes' }),
  coUse: option.number({ min: 0 })({
    default: 0,
    doc: 'weight of SASRec’s item vectors relative to those of the texts, in the codes',
  }),
  ...OWN,
});

/** Semantic IDs of the item texts, and a model that writes the next item's. */
export const tiger: Method = {
  key: 'tiger',
  title: 'semantic IDs, generated code by code',
  package: '@palate/semantic-id',
  kind: 'retriever',
  options: OPTIONS,
  deterministic: false,
  needs: ['history', 'item texts', 'training'],
  defaults: {
    full: { epochs: 30, dropout: 0.3, learningRate: 0.001 },
    quick: { epochs: 1, maxLength: 10, codebook: 'rq-k-means' },
  },
  async fit(dataset, settings, context) {
    const { codebook, coUse, ...rest } = settings;
    const { declarations } = OPTIONS;
    const kind = declarations.codebook.check('codebook', codebook ?? 'rq-vae');
    const ids = await semanticIds(
      dataset.log.items.size,
      kind,
      declarations.coUse.check('coUse', coUse ?? 0),
      context,
    );
    return Tiger.fit(dataset, { ...rest, ids, ...trainingOptions(context) });
  },
  load: (dir) => Tiger.load(dir),
  async extend(model, added) {
    if (model instanceof Tiger) return model.extend(await model.ids.extend(added));
    throw new InvalidInputError({
      expected: 'a fitted TIGER',
      received: model.name,
      hint: 'Pass the model that this method has fitted or loaded.',
    });
  },
};

/** Codes a level for so many items: with more, most would stay unused. */
function codesFor(items: number): number {
  return Math.min(CODES, Math.max(4, 2 ** Math.floor(Math.log2(Math.max(1, items / 4)))));
}

/** Semantic IDs of all items, kept once they are made. */
async function semanticIds(
  items: number,
  kind: CodebookKind,
  coUse: number,
  context: FitContext,
): Promise<SemanticIds> {
  const { seed = 0, signal } = context;
  const encoder = await context.encoder();
  return context.keep(`ids-${kind}`, [kind, seed, encoder.id, coUse], {
    load: (dir) => SemanticIds.load(dir),
    fit: async () => {
      const texts = await context.itemVectors();
      const table =
        coUse > 0
          ? joinVectors([{ table: texts }, { table: await coUseVectors(context), weight: coUse }])
          : texts;
      const own = { seed, signal, size: codesFor(items) };
      const codebook: CodebookClass = CODEBOOKS[kind];
      const fitted =
        kind === 'rq-vae' ? RqVae.fit(table, { ...own, batchSize: 512 }) : codebook.fit(table, own);
      return SemanticIds.assign(await fitted, table, { encoder: encoder.id });
    },
  });
}

async function coUseVectors(context: FitContext): Promise<EmbeddingTable> {
  const model = await context.other('sasrec');
  if (model instanceof SasRec) return model.itemVectors();
  throw new InvalidInputError({
    expected: 'SASRec, for its item vectors',
    received: model.name,
    hint: "Give the method of the registry as other('sasrec').",
  });
}
