import { CancelledError, type GenerateRequest, PalateError } from '@palate/core';
import { languageModel } from '@palate/llm';
import { describe, expect, test } from 'vitest';
import { engines, LIGHT } from './folders.js';
import { shop } from './shop.js';

const { open } = engines();

/** A model that answers by a function of the request, piece by piece where it is asked to. */
function answering(answer: (request: GenerateRequest) => string) {
  let asked = 0;
  const model = languageModel({
    id: 'test:model',
    concurrency: 4,
    generate: async (request, { onText, signal }) => {
      asked++;
      if (signal?.aborted) throw new CancelledError('generate', signal.reason);
      const text = answer(request);
      for (const piece of text.split(/(?<= )/)) onText?.(piece);
      return { text, usage: { inputTokens: 1, outputTokens: 1 }, finishReason: 'stop', model: 'model' };
    },
  });
  return { model, asked: () => asked };
}

const refusing = (): string => {
  throw new PalateError('test', { expected: 'credit', received: 'none', hint: 'This account is on hold.' });
};

/** Ranks the candidates that it is shown by their titles, backwards, which no retriever would. */
function backwards({ messages }: GenerateRequest): string {
  const shown = (messages.at(-1)?.content ?? '').match(/^\d+\. .*/gm) ?? [];
  const ranking = shown
    .map((line) => ({ number: Number.parseInt(line, 10), title: line.replace(/^\d+\. /, '') }))
    .sort((a, b) => (a.title < b.title ? 1 : -1))
    .map(({ number, title }) => ({ number, why: `for ${title.slice(0, 8)}` }));
  return JSON.stringify({ ranking });
}

describe('a live model', () => {
  test('orders and explains the candidates, and the answer says so', async () => {
    const live = answering(backwards);
    await using engine = await open({ model: live, pipeline: { ...LIGHT, rankers: [{ live: true }] } });
    const { items, sources } = await engine.recommend({ user: 'user-0', k: 5, explain: true });
    const titles = items.map(({ title }) => title);
    expect(titles).toEqual([...titles].sort().reverse());
    expect(items[0]).toMatchObject({
      reason: `for ${titles[0]?.slice(0, 8)}`,
      reasonSource: 'language model',
    });
    expect(sources.order).toContain('test:model, live');
    expect(sources.order).toContain('asked once');
    expect(live.asked()).toBe(1);
  });

  test('orders items without titles by their ids', async () => {
    const live = answering(backwards);
    await using engine = await open({
      model: live,
      dataset: shop({ hasTexts: false }),
      pipeline: { retrievers: [{ method: 'ease' }], rankers: [{ live: true }] },
    });
    const { items } = await engine.recommend({ user: 'user-0', k: 5 });
    const ids = items.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
  });

  test('that fails is replaced by the retrievers, with its own words', async () => {
    await using plain = await open();
    await using engine = await open({
      model: answering(refusing),
      pipeline: { ...LIGHT, rankers: [{ live: true }] },
    });
    const { items, sources, outcomes } = await engine.recommend({ user: 'user-0', k: 5, explain: true });
    expect(items.map(({ id }) => id)).toEqual(
      (await plain.recommend({ user: 'user-0', k: 5 })).items.map(({ id }) => id),
    );
    expect(sources.order).toContain('gave no order (asked once)');
    expect(sources.order).toContain('This account is on hold.');
    expect(outcomes.some(({ source, fellBack }) => source.includes('test:model') && fellBack === 1)).toBe(
      true,
    );
  });

  test('explains one item piece by piece; where it fails the stored reason stands in', async () => {
    const text = 'Because you like calm tea.';
    await using engine = await open({ model: answering(() => text), pipeline: LIGHT });
    const pieces: string[] = [];
    for await (const piece of engine.explainStream({ user: 'user-0', item: 'tea-1' })) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe(text);
    expect(await engine.explain({ user: 'user-0', item: 'tea-1' })).toMatchObject({
      text,
      source: 'language model',
    });
    await using other = await open({ model: answering(refusing), pipeline: LIGHT });
    const told = await other.explain({ user: 'user-0', item: 'tea-1' });
    expect(told.source).not.toBe('language model');
    expect(told.outcomes[0]).toMatchObject({ fellBack: 1 });
    await using none = await open();
    const whole: string[] = [];
    for await (const piece of none.explainStream({ user: 'user-0', item: 'tea-1' })) whole.push(piece);
    expect(whole).toEqual([told.text]);
  });
});
