import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, EmbeddingTable, InteractionLog, type TextEncoder } from '@palate/core';
import { retrieverConformance } from '@palate/core/testing';
import { describe, expect, test } from 'vitest';
import { plainCompute, TextRetriever } from '../../src/index.js';

/** Words as axes: a text is the sum of its words at norm 1. */
function wordEncoder(words: readonly string[]): TextEncoder {
  return {
    id: `words:${words.join(',')}`,
    width: words.length + 1,
    encode: async (texts) => {
      const width = words.length + 1;
      const data = new Float32Array(texts.length * width);
      for (const [row, text] of texts.entries()) {
        const own = data.subarray(row * width, (row + 1) * width);
        for (const word of text.toLowerCase().match(/\w+/g) ?? []) own[words.indexOf(word) + 1]! += 1;
        const norm = Math.hypot(...own);
        if (norm === 0) own[0] = 1;
        else for (let k = 0; k < width; k++) own[k]! /= norm;
      }
      return { data, width, truncated: 0 };
    },
  };
}

describe.each([
  ['native', undefined],
  ['plain', plainCompute],
  ['plain, a query a call', { ...plainCompute, callSize: 1 }],
])('TextRetriever, %s', (_, compute) => {
  const encoder = wordEncoder(['quiet', 'drama', 'space', 'battle']);
  const cases = retrieverConformance({
    fit: (dataset, options) => TextRetriever.fit(dataset, { encoder, compute, ...options }),
    load: (dir) => TextRetriever.load(dir, encoder, { compute }),
  });
  for (const { name, run } of cases) test(name, run);
});

const log = InteractionLog.fromRows([
  { user: 'u', item: 'heist', timestamp: 1 },
  { user: 'u', item: 'robbery', timestamp: 2 },
  { user: 'v', item: 'romance', timestamp: 3 },
]);
const encoder = wordEncoder(['bank', 'love', 'gun']);
const films = createDataset({
  name: 'films',
  log,
  catalog: new Catalog({
    items: log.items,
    text: { plot: ['bank', 'bank gun', 'love'] },
  }),
  licence: 'MIT',
  source: 'made up',
});
const at = (id: string): number => log.items.indexOf(id);

describe('scores of TextRetriever', () => {
  test('are cosines in the raw space', async () => {
    const retriever = await TextRetriever.fit(films, { encoder, space: 'raw' });
    const scores = await retriever.scoreAll([{ text: 'bank' }, { history: [at('romance')] }, {}]);
    expect(scores[at('heist')]).toBeCloseTo(1, 6);
    expect(scores[at('robbery')]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(scores[at('romance')]).toBeCloseTo(0, 6);
    expect(scores[3 + at('romance')]).toBeCloseTo(1, 6);
    // Nothing to compare with: how often each was chosen.
    expect([...scores.subarray(6)]).toEqual([1, 1, 1]);
  });

  test('weigh a history by recency: w for an item against the one after it', async () => {
    const retriever = await TextRetriever.fit(films, { encoder, space: 'raw', recency: 0.5 });
    const [first] = await retriever.retrieve([{ history: [at('heist'), at('romance')] }], 3, {
      includeHistory: true,
    });
    // Vectors (1, 0) and (0, 1) with weights 0.5 and 1: cosines 0.5 / sqrt(1.25) and 1 / sqrt(1.25).
    const score = (id: string) => first?.find(({ item }) => item === at(id))?.score;
    expect(score('romance')).toBeCloseTo(1 / Math.sqrt(1.25), 6);
    expect(score('heist')).toBeCloseTo(0.5 / Math.sqrt(1.25), 6);
  });

  test('mix text and history by weight, and are those of the text alone without a history', async () => {
    const retriever = await TextRetriever.fit(films, { encoder, space: 'raw', textWeight: 1 });
    const scores = await retriever.scoreAll([{ text: 'love', history: [at('heist')] }, { text: 'love' }]);
    expect([...scores.subarray(0, 3)]).toEqual([...scores.subarray(3)]);
  });

  test('do not know what all items share, in the centred space', async () => {
    const table = new EmbeddingTable(
      log.items,
      4,
      // Every item has 0.9 on the first axis; what differs lies on the others.
      Float32Array.from([0.9, 0.43, 0, 0, 0.9, 0, 0.43, 0, 0.9, 0, 0, 0.43]),
    );
    const retriever = await TextRetriever.fit(films, { encoder, vectors: table });
    const scores = await retriever.scoreAll([{ history: [0] }]);
    expect(scores[0]).toBeCloseTo(1, 5);
    // Three items at the corners of a triangle around their mean: cosine -1/2.
    expect(scores[1]).toBeCloseTo(-0.5, 5);
    expect(scores[2]).toBeCloseTo(-0.5, 5);
  });

  test('are there for a text with its history included, by an encoder that refuses options it does not know', async () => {
    const strict: TextEncoder = {
      ...encoder,
      encode: (texts, options = {}) => {
        expect(
          Object.keys(options).filter((name) => !['signal', 'onProgress', 'seed'].includes(name)),
        ).toEqual([]);
        return encoder.encode(texts, options);
      },
    };
    const retriever = await TextRetriever.fit(films, { encoder: strict });
    const [list] = await retriever.retrieve([{ text: 'bank', history: [at('heist')] }], 3, {
      includeHistory: true,
    });
    expect(list).toHaveLength(3);
  });

  test('need the encoder that made the vectors', async () => {
    const dir = join(mkdtempSync(join(tmpdir(), 'palate-text-')), 'index');
    await (await TextRetriever.fit(films, { encoder })).save(dir);
    await expect(TextRetriever.load(dir, wordEncoder(['other', 'words', 'here']))).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });
});
