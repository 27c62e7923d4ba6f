import { defineOptions } from '@palate/core';
import { BM25, Bm25Retriever, TEXT, TextRetriever } from '@palate/retrievers';
import { callOptions } from './fit-options.js';
import { checkTexts } from './item-texts.js';
import type { Method } from './method.js';

/** Name of the catalogue column that holds the whole text of an item while an index is built. */
const WHOLE = 'whole item text';

/** Words of the items' texts, for typed words and for the words of a history. */
export const bm25: Method = {
  key: 'bm25',
  title: 'words of the item texts',
  package: '@palate/retrievers',
  kind: 'retriever',
  options: BM25,
  deterministic: true,
  needs: ['text', 'item texts'],
  followsCatalogue: true,
  zeroIsNothing: true,
  async fit(dataset, settings, context) {
    if (settings.fields !== undefined)
      return Bm25Retriever.fit(dataset, { ...settings, ...callOptions(context) });
    const texts = await context.itemTexts();
    checkTexts(texts, dataset);
    const catalog = dataset.catalog.withText(WHOLE, texts, context.textProvenance);
    return Bm25Retriever.fit(
      { ...dataset, catalog },
      { ...settings, fields: [WHOLE], ...callOptions(context) },
    );
  },
  load: (dir) => Bm25Retriever.load(dir),
};

const { encoder: _e, vectors: _v, ...OWN } = TEXT.declarations;

/** Meaning of the items' texts, by the vectors of an encoder. */
export const textKnn: Method = {
  key: 'text-knn',
  title: 'meaning of the item texts',
  package: '@palate/retrievers',
  kind: 'retriever',
  options: defineOptions('text-knn', OWN),
  deterministic: true,
  needs: ['text', 'item texts'],
  followsCatalogue: true,
  async fit(dataset, settings, context) {
    return TextRetriever.fit(dataset, {
      ...settings,
      encoder: await context.encoder(),
      vectors: settings.fields === undefined ? await context.itemVectors() : undefined,
      ...callOptions(context),
    });
  },
  load: async (dir, context) => TextRetriever.load(dir, await context.encoder()),
};
