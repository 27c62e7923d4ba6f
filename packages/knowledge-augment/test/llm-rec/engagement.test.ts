import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EncodedTexts,
  fingerprint,
  type LanguageModel,
  madeFrom,
  provenanceOfAll,
  UNKNOWN,
  WORLD,
  withLog,
} from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { expect, it } from 'vitest';
import {
  augmentationTemplate,
  encodeKnowledge,
  engagementInputs,
  generateKnowledge,
  itemTextVectors,
  neighbourTexts,
  openKnowledgeStore,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

const whole = madeUpFilms(20, 10, 6);
const split = leaveOneOut(whole.log);
const training = withLog(whole, split.train);
const { items } = training.log;
const neighbours = Array.from({ length: items.size }, (_, item) => (item < 2 ? [2, 3] : [0]));
const latest = split.train.timestamp.reduce((a, b) => Math.max(a, b));
const knowsTraining = madeFrom({ log: fingerprint(split.train), until: latest });
const encoder = {
  id: 'length',
  width: 2,
  encode: async (texts: readonly string[]): Promise<EncodedTexts> => ({
    data: Float32Array.from(texts.flatMap(({ length }) => [Math.cos(length), Math.sin(length)])),
    width: 2,
    truncated: 0,
  }),
};

it('texts of neighbours say which log the neighbours come from, vectors of them too', async () => {
  const { texts, provenance } = neighbourTexts(training, neighbours);
  expect(texts[0]).toBe(
    [2, 3].map((item) => training.catalog.itemText(item, ['title', 'genres'])).join('; '),
  );
  expect(provenance).toEqual(knowsTraining);
  const own = { texts: [...items], provenance: WORLD };
  const of = async (...families: Parameters<typeof itemTextVectors>[1]) =>
    (await itemTextVectors(items, families, encoder)).table.provenance;
  expect(await of(own)).toEqual(WORLD);
  expect(await of(own, { texts, provenance })).toEqual(knowsTraining);
  expect(await of(own, [...items])).toEqual(UNKNOWN);
  expect(() => neighbourTexts(training, [[1]])).toThrow(/each of 10 items/);
});

it('written texts say it too, from the job to the vectors; catalogue prompts know no interactions', async () => {
  const model: LanguageModel = {
    id: 'test:m',
    generate: async (requests) =>
      requests.map(({ messages }) => ({
        ok: true,
        result: {
          text: `About ${messages.at(-1)?.content.length}.`,
          usage: { inputTokens: 1, outputTokens: 1 },
          finishReason: 'stop',
          model: 'm',
        },
      })),
  };
  const store = openKnowledgeStore(join(mkdtempSync(join(tmpdir(), 'palate-engagement-')), 'store'));
  const inputs = engagementInputs(training, neighbours);
  expect(inputs[0]?.input.neighbours).toHaveLength(2);
  for (const kind of ['engagement', 'recommend-engagement', 'infer'] as const) {
    const own = kind === 'infer' ? inputs.map(({ provenance: _, ...input }) => input) : inputs;
    await generateKnowledge({ store, model, template: augmentationTemplate(kind), inputs: own });
    const entries = [];
    for await (const entry of store.list({ kind })) entries.push(entry);
    const expected = kind === 'infer' ? WORLD : knowsTraining;
    expect(provenanceOfAll(entries)).toEqual(expected);
    expect((await encodeKnowledge(entries, items, encoder)).table.provenance).toEqual(expected);
  }
  await store.close();
});
