import { Catalog, type Dataset, fingerprint, InteractionLog, madeFrom, UNKNOWN } from '@palate/core';
import { retrieverConformance } from '@palate/core/testing';
import { useLiteEncoder } from '@palate/llm';
import { Bm25Retriever } from '@palate/retrievers';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { BiEncoder, NarrativeRetriever, RequestRules } from '../../src/index.js';
import { madeUpRequests } from '../encoder/made-up-requests.js';
import { tinyParts } from '../encoder/tiny-parts.js';

const encoder = await useLiteEncoder();
/** The catalogue of the last fit: what a caller would keep. */
let catalog: Catalog;

describe('NarrativeRetriever', () => {
  for (const { name, run } of retrieverConformance({
    fit: (dataset, options) => {
      catalog = dataset.catalog;
      return NarrativeRetriever.fit(dataset, { encoder, ...options });
    },
    load: (dir) => NarrativeRetriever.load(dir, encoder, catalog),
    held: () => tf.memory().numTensors,
  }))
    test(name, run);
});

const log = InteractionLog.fromRows(
  ['heat', 'rififi', 'saw', 'sting'].map((item, k) => ({ user: 'u', item, timestamp: k })),
);
const films: Dataset = {
  name: 'films',
  log,
  catalog: new Catalog({
    items: log.items,
    text: {
      about: [
        'A heist in Los Angeles, told with bursts of violence.',
        'A silent robbery of jewels; shot without gore.',
        'Robbers wake up in a bathroom full of gory traps.',
        'Con men plan a robbery that looks like a swindle.',
      ],
    },
    attributes: { year: [1995, 1955, 2004, 1973] },
  }),
  licence: 'MIT',
  source: 'made up',
} as Dataset;

test('what is ruled out comes last, and what was understood is told', async () => {
  const retriever = await NarrativeRetriever.fit(films, { encoder });
  const text = 'a robbery, no gore, nothing after 1990, under two hours';
  const [list] = await retriever.retrieve([{ text }], 4);
  const ids = list?.map(({ item }) => films.log.items.idOf(item));
  expect(new Set(ids?.slice(0, 2))).toEqual(new Set(['rififi', 'sting']));
  expect(new Set(ids?.slice(2))).toEqual(new Set(['heat', 'saw']));
  expect(retriever.understand(text).told).toEqual([
    'Wanted: a robbery.',
    'Left out: gore.',
    'Only: year at most 1990.',
    'Not applied: “under two hours”, since the catalogue does not have the minutes of its items.',
  ]);
  expect(retriever.understand('a robbery').told).toEqual([]);
});

test('rules go around any scorer, whose words no longer count what is ruled out', async () => {
  const bm25 = await Bm25Retriever.fit(films);
  const query = [{ text: 'robbery, no gore' }];
  const first = async (scorer: RequestRules | Bm25Retriever) =>
    films.log.items.idOf((await scorer.retrieve(query, 1))[0]?.[0]?.item as number);
  // BM25 alone finds the word gore.
  expect(await first(bm25)).toBe('rififi');
  const ruled = new RequestRules(bm25, films.catalog);
  expect(ruled.fittedOn).toEqual([fingerprint(films.log)]);
  const [list] = await ruled.retrieve([{ text: 'gory traps, no gore' }], 4);
  expect(films.log.items.idOf(list?.at(-1)?.item as number)).toBe('saw');
  expect(() => new RequestRules(bm25, films.catalog, { texts: ['one'] })).toThrow(/a text for each of 4/);
});

test('a request that only rules out is answered with the favourites of what is left', async () => {
  const retriever = await NarrativeRetriever.fit(films, { encoder });
  const [list] = await retriever.retrieve([{ text: 'no gore' }], 4);
  expect(films.log.items.idOf(list?.at(-1)?.item as number)).toBe('saw');
});

test('knows what its encoder was trained on', async () => {
  const { pairs } = madeUpRequests();
  const small = { epochs: 1, pretrained: tinyParts(), requestTokens: 8, itemTokens: 8, batchSize: 8 };
  using trained = await BiEncoder.fit(pairs, small);
  const retriever = await NarrativeRetriever.fit(films, { encoder: trained });
  expect(retriever.provenance).toEqual(madeFrom({ log: 'made up' }));
  using unknown = await BiEncoder.fit({ ...pairs, provenance: UNKNOWN }, small);
  expect((await NarrativeRetriever.fit(films, { encoder: unknown })).provenance).toEqual(UNKNOWN);
});
