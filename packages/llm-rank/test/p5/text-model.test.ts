import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wordTokens } from '@palate/llm';
import { TokenTrie } from '@palate/nn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RowTexts, TextModel } from '../../src/index.js';

const DIGITS = 'a b 0 1 2 3 4 5 6 7 8 9 item _ , ? next';
/** Every sign and letter alone, so that ids have several pieces. */
const tokens = (() => {
  const words = wordTokens([DIGITS]);
  return {
    ...words,
    encode: (text: string) => words.encode(text.replace(/(\d)/g, ' $1 ').replace(/_/g, ' _ ')),
  };
})();
const texts = new RowTexts(tokens);
/** After an item comes the one whose two digits are swapped. */
const pairs = ['12', '34', '56', '13', '42', '65'].map((id) => [
  `next item_${id} ?`,
  `item_${id[1]}${id[0]}`,
]) as [string, string][];

let model: TextModel;
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'palate-text-model-'));
  model = await TextModel.fit(
    pairs.map(([source, target]) => texts.row(source, target)),
    {
      tokens,
      width: 64,
      inner: 64,
      layers: 1,
      heads: 4,
      dropout: 0,
      epochs: 100,
      batchSize: 6,
      seed: 3,
    },
  );
});
afterAll(async () => {
  model.dispose();
  await rm(scratch, { recursive: true, force: true });
});

test('the pieces of an id belong to one word', () => {
  const { source, words } = texts.source('next item_12 ?');
  expect(Array.from(words)).toEqual([1, 2, 2, 2, 2, 3, 0]);
  expect(source.length).toBe(7);
  expect(source.at(-1)).toBe(tokens.end);
});

test('what is longer than the bounds is cut, keeps its end, and is counted', () => {
  const short = new RowTexts(tokens, { inputTokens: 4, outputTokens: 3 });
  const { source, words, target } = short.row('next item_12 ?', 'a b a');
  expect([source.length, words.length, target.length]).toEqual([4, 4, 3]);
  expect([source.at(-1), target.at(-1), words.at(-1)]).toEqual([tokens.end, tokens.end, 0]);
  expect(short.cut).toEqual({ inputs: 1, outputs: 1 });
  expect(short.lengthOf('next item_12 ?')).toBe(7);
});

test('a fitted model writes what it learned, freely and among ids', async () => {
  const sources = pairs.map(([source]) => texts.source(source));
  const free = await model.generate(sources, { maxTokens: 8 });
  expect(free.map(([best]) => tokens.decode(best?.tokens ?? []).replaceAll(' ', ''))).toEqual(
    pairs.map(([, target]) => target),
  );
  const ids = pairs.map(([, target]) => target);
  const trie = new TokenTrie(
    ids.map((id) => Array.from(tokens.encode(id))),
    tokens.end as number,
  );
  const among = await model.generate(sources, { among: trie, beams: 3 });
  for (const [row, found] of among.entries()) {
    expect(found[0]?.sequence).toBe(row);
    expect(new Set(found.map(({ tokens }) => trie.find(tokens))).size).toBe(3);
  }
  const excluded = await model.generate(sources, {
    among: trie,
    beams: 3,
    exclude: sources.map((_, row) => [row]),
  });
  for (const [row, found] of excluded.entries())
    expect(found.map(({ tokens }) => trie.find(tokens))).not.toContain(row);
});

test('the log-likelihood of what is written is its score, and prefers it to others', async () => {
  const rows = pairs.map(([source, target]) => texts.row(source, target));
  const own = await model.logLikelihood(rows);
  const written = await model.generate(rows, { maxTokens: 8 });
  for (const [row, [best]] of written.entries()) expect(own[row]).toBeCloseTo(best?.score as number, 4);
  const others = await model.logLikelihood(rows.map((row) => ({ ...row, target: texts.target('item_77') })));
  for (const [row, value] of others.entries()) expect(value).toBeLessThan(own[row] as number);
});

test('a saved model answers as the fitted one', async () => {
  const dir = join(scratch, 'model');
  await model.save(dir);
  using loaded = await TextModel.load(dir);
  const rows = pairs.map(([source, target]) => texts.row(source, target));
  expect(Array.from(await loaded.logLikelihood(rows))).toEqual(Array.from(await model.logLikelihood(rows)));
});
