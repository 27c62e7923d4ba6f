import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wordTokens } from '@palate/llm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RowsOfEpoch, RowTexts, TextModel } from '../../src/index.js';

const tokens = wordTokens(['next after one two three four is']);
const texts = new RowTexts(tokens);
const words = ['one', 'two', 'three', 'four'];
/** Other rows in every epoch, by its stream. */
const rows: RowsOfEpoch = (_, random) =>
  words.map((word, k) => texts.row(`next after ${word} is`, words[(k + random.integer(3)) % 4] as string));
const options = { tokens, width: 8, inner: 8, layers: 1, heads: 2, epochs: 4, batchSize: 2, seed: 5 };

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'palate-text-resume-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

test('a fit that is cancelled and goes on ends with the weights of one that was not', async () => {
  using whole = await TextModel.fit(rows, options);
  const checkpoint = { dir: join(scratch, 'run') };
  const stop = new AbortController();
  await expect(
    TextModel.fit(rows, {
      ...options,
      checkpoint,
      signal: stop.signal,
      onProgress: ({ phase, done }) => {
        if (phase === 'epoch 2 of 4' && done === 1) stop.abort();
      },
    }),
  ).rejects.toMatchObject({ code: 'cancelled' });
  using resumed = await TextModel.fit(rows, { ...options, checkpoint });
  expect((await resumed.saved()).tensors).toEqual((await whole.saved()).tensors);
  expect(resumed.history.length).toBe(4);
});

test('rows and vocabularies that do not fit are refused', async () => {
  await expect(TextModel.fit([], options)).rejects.toThrow(/rows to train on/);
  using model = await TextModel.fit([texts.row('one', 'two')], {
    ...options,
    epochs: 1,
  });
  await expect(model.generate([texts.source('one')], { exclude: [] })).rejects.toThrow(
    /1 lists of excluded sequences/,
  );
  expect(await model.generate([])).toEqual([]);
  expect(await model.logLikelihood([])).toEqual(new Float32Array(0));
});
