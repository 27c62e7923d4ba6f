import { InvalidInputError } from '@palate/core';
import { expect, test } from 'vitest';
import { engines } from './folders.js';
import { shop } from './shop.js';
import { WordEncoder } from './test-encoder.js';

const { folder, open } = engines();
const pipeline = {
  retrievers: [{ method: 'ease', settings: { lambda: 5 } }, { method: 'text-knn' }, { method: 'bm25' }],
};

test('one item is explained by what is alike and was rated well, with the rating', async () => {
  const dataset = shop();
  await using engine = await open({ dataset, pipeline, encoder: new WordEncoder() });
  await engine.prepare();
  const history = engine.user('user-0')?.history ?? [];
  const ratings = new Map(history.map(({ title, rating = 0 }) => [title, rating]));
  const mean = [...ratings.values()].reduce((sum, rating) => sum + rating, 0) / ratings.size;
  const bought = new Set(history.map(({ item }) => item));
  const others = [...dataset.log.items].filter((id) => id.startsWith('tea-') && !bought.has(id));
  expect(others.length).toBeGreaterThan(2);
  let told = 0;
  for (const item of others) {
    const { text, source } = await engine.explain({ user: 'user-0', item });
    const [, like = '', rating] =
      /^Like (Tea number \d), which you rated (\d): both about tea\.$/.exec(text) ?? [];
    if (rating === undefined) continue;
    told++;
    expect(Number(rating)).toBe(ratings.get(like));
    expect(Number(rating)).toBeGreaterThanOrEqual(mean);
    expect(source).toBe('history');
  }
  expect(told).toBeGreaterThan(0);
});

test('texts that are alike join items; a history without ratings names none', async () => {
  const encoder = new WordEncoder();
  const own = { pipeline, encoder, folder: folder('kept') };
  await using first = await open(own);
  // Nobody waits until all texts are encoded for a reason.
  expect(await first.explain({ history: ['tea-0'], item: 'tea-5' })).toMatchObject({
    text: 'Like Tea number 0 it is tea.',
  });
  expect(encoder.encoded).toBe(0);
  await first.prepare();
  await using engine = await open(own);
  // Tea 0 and tea 5 have the same description, word for word.
  const { text, sources } = await engine.explain({ history: ['tea-0'], item: 'tea-5' });
  expect(text).toBe('Like Tea number 0: both about tea.');
  expect(sources).toMatch(/the graph of people, items and texts that are alike/);
});

test('without vectors of texts the stored reason stands, and the cause is told', async () => {
  const own = folder('failing');
  await using first = await open({ pipeline, encoder: new WordEncoder(), folder: own });
  await first.prepare();
  class Failing extends WordEncoder {
    override encode(): Promise<never> {
      return Promise.reject(
        new InvalidInputError({ expected: 'a model', received: 'none', hint: 'It is not there.' }),
      );
    }
  }
  await using engine = await open({ pipeline, encoder: new Failing(), folder: own });
  const { text, outcomes } = await engine.explain({ history: ['tea-0'], item: 'tea-5' });
  expect(text).toBe('Like Tea number 0 it is tea.');
  expect(JSON.stringify(outcomes)).toContain('It is not there.');
  await using words = await open({ encoder: new Failing() });
  expect(await words.explain({ history: ['tea-0'], item: 'tea-5' })).toMatchObject({
    text: 'Like Tea number 0 it is tea.',
    sources: expect.stringMatching(/^built from texts, tags/),
  });
});
