import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FeedbackStore, MemoryFeedbackStore, PalateError } from '@palate/core';
import { describe, expect, test } from 'vitest';
import { type Answer, Engine } from '../src/index.js';
import { engines, LIGHT } from './folders.js';
import { shop } from './shop.js';
import { WordEncoder } from './test-encoder.js';

const { open, folder } = engines();
const kindsOf = ({ items }: Pick<Answer, 'items'>): string[] =>
  items.map(({ id }) => id.split('-')[0] as string);
const idsOf = ({ items }: Pick<Answer, 'items'>): string[] => items.map(({ id }) => id);

/** A store that outlives the engines that use it. */
const lasting = (): FeedbackStore => new MemoryFeedbackStore();

describe('feedback', () => {
  test('counts for the next answer: likes add to the history, dislikes take an item and its like out', async () => {
    await using engine = await open();
    expect(engine.user('ann')).toBeUndefined();
    expect(await engine.feedback([{ user: 'ann', item: 'tool-1', kind: 'like' }])).toEqual({ accepted: 1 });
    const liked = await engine.recommend({ user: 'ann', k: 3 });
    expect(liked.items).toEqual((await engine.recommend({ history: ['tool-1'], k: 3 })).items);
    expect(kindsOf(liked)[0]).toBe('tool');
    const before = await engine.recommend({ user: 'ann', k: 4 });
    const disliked = before.items[0]?.id as string;
    await engine.feedback([{ user: 'ann', item: disliked, kind: 'dislike' }]);
    const after = await engine.recommend({ user: 'ann', k: 23 });
    expect(idsOf(after)).not.toContain(disliked);
    expect(engine.user('ann')).toMatchObject({
      history: [{ item: 'tool-1', isFeedback: true }],
      dislikes: [disliked],
    });
    // The item that is most like it in text and use falls behind others.
    const [alike] = idsOf(await engine.similar({ item: disliked, k: 1 }));
    const rankOf = (answer: Answer): number => idsOf(answer).indexOf(alike as string);
    const all = await engine.recommend({ history: ['tool-1'], exclude: [disliked], k: 23 });
    if (alike !== 'tool-1') expect(rankOf(after)).toBeGreaterThan(rankOf(all));
    await engine.feedback([{ user: 'ann', item: disliked, kind: 'like' }]);
    expect(engine.user('ann')?.dislikes).toEqual([]);
    expect(engine.user('ann')?.history.map(({ item }) => item)).toEqual(['tool-1', disliked]);
  });

  test('by ratings speaks for an item from the middle of the scale on', async () => {
    await using engine = await open();
    // The shop's ratings go from 3 to 5.
    await engine.feedback([
      { user: 'bob', item: 'tea-1', rating: 4 },
      { user: 'bob', item: 'tea-2', rating: 3.5 },
      { user: 'bob', item: 'tea-3', kind: 'impression' },
    ]);
    expect(engine.user('bob')).toMatchObject({
      history: [{ item: 'tea-1', rating: 4 }],
      dislikes: ['tea-2'],
    });
    expect(engine.status().feedback).toEqual({
      events: { rating: 2, impression: 1 },
      users: 1,
      unknownItems: 0,
    });
  });

  test('is kept once an id, all or nothing, and refused where it says nothing', async () => {
    const store = lasting();
    await using engine = await open({ feedback: store });
    const event = { user: 'cid', item: 'toy-1', kind: 'purchase' as const, id: 'order-1/1', time: 17 };
    expect(await engine.feedback([event, event])).toEqual({ accepted: 1 });
    expect(await engine.feedback([event])).toEqual({ accepted: 0 });
    expect(engine.user('cid')?.history).toHaveLength(1);
    for (const [bad, message] of [
      [{ user: 'cid', item: 'toy-77' }, /events\[1\].*Did you mean "toy-7"/],
      [{ user: '', item: 'toy-1' }, /a user in events\[1\]/],
      [{ user: 'cid', item: 'toy-1', kind: 'lik' }, /among view, like/],
      [{ user: 'cid', item: 'toy-1', kind: 'rating' }, /a rating in events\[1\]/],
      [{ user: 'cid', item: 'toy-1', time: Number.NaN }, /time of events\[1\]/],
      [{ user: 'cid', itm: 'toy-1' }, /Did you mean item/],
    ] as const)
      await expect(engine.feedback([{ user: 'cid', item: 'toy-2' }, bad as never])).rejects.toThrow(message);
    expect(engine.user('cid')?.history).toHaveLength(1);
  });

  test('survives a restart where its store does', async () => {
    const store = lasting();
    const dir = folder('feedback-restart');
    const first = await open({ feedback: store, folder: dir });
    await first.feedback([
      { user: 'dan', item: 'toy-3', kind: 'like' },
      { user: 'dan', item: 'toy-4', kind: 'dislike' },
    ]);
    const answer = await first.recommend({ user: 'dan', k: 5 });
    await first.close();
    await using second = await open({ feedback: store, folder: dir });
    expect((await second.recommend({ user: 'dan', k: 5 })).items).toEqual(answer.items);
    expect(second.user('dan')?.dislikes).toEqual(['toy-4']);
  });
});

describe('new items', () => {
  const tea = {
    id: 'tea-new',
    text: { title: 'Gyokuro', description: 'shaded leaf, brew and calm cup' },
    attributes: { kind: ['tea'], price: 40 },
  };

  test('are found at once by words, by their like and by histories, without fitting', async () => {
    const encoder = new WordEncoder();
    await using engine = await open({
      encoder,
      pipeline: { retrievers: [{ method: 'ease' }, { method: 'text-knn' }, { method: 'bm25' }] },
    });
    const before = await engine.recommend({ text: 'shaded leaf', k: 3 });
    const encoded = encoder.encoded;
    expect(await engine.addItems([tea])).toEqual({ added: 1, updated: 0 });
    const after = await engine.recommend({ text: 'shaded leaf', k: 3 });
    expect(after.items[0]).toMatchObject({ id: 'tea-new', title: 'Gyokuro' });
    expect(after.version).not.toBe(before.version);
    // The wish and the one new text.
    expect(encoder.encoded - encoded).toBe(2);
    expect(engine.status().methods.find(({ key }) => key === 'ease')?.state).toBe('not fitted');
    expect(idsOf(await engine.search({ words: 'gyok' }))).toEqual(['tea-new']);
    expect(idsOf(await engine.similar({ item: 'tea-new', k: 2 })).every((id) => id.startsWith('tea'))).toBe(
      true,
    );
    const byHistory = await engine.recommend({ user: 'user-0', k: 24 });
    expect(idsOf(byHistory)).toContain('tea-new');
    expect(byHistory.items.find(({ id }) => id === 'tea-new')?.from[0]?.method).toBe('bm25');
    const own = await engine.recommend({ history: ['tea-new'], k: 3 });
    expect(kindsOf(own)).toEqual(['tea', 'tea', 'tea']);
    expect(own.outcomes[0]?.causes['item of the history that EASE was not fitted on']).toBe(1);
    expect(engine.item('tea-new')).toMatchObject({ isNew: true, interactions: 0, attributes: { price: 40 } });
    expect(idsOf(await engine.rank({ candidates: ['tea-new', 'toy-1'], user: 'user-0' })).sort()).toEqual([
      'tea-new',
      'toy-1',
    ]);
    await engine.feedback([{ user: 'eve', item: 'tea-new', kind: 'view' }]);
    expect(engine.item('tea-new')?.interactions).toBe(1);
  });

  test('take new texts, are kept over a restart, and are refused as a whole where one is faulty', async () => {
    const dir = folder('new-items');
    const first = await open({ folder: dir });
    await first.addItems([tea]);
    expect(
      await first.addItems([
        { id: 'tea-new', text: { description: 'a hammer for walls' } },
        { id: 'tool-1', text: { title: 'Chisel' } },
      ]),
    ).toEqual({ added: 0, updated: 2 });
    expect(first.item('tea-new')).toMatchObject({
      title: 'Gyokuro',
      attributes: { description: 'a hammer for walls' },
    });
    for (const [bad, message] of [
      [{ id: '', text: {} }, /ids of their own/],
      [{ id: 'x', text: { titel: 'X' } }, /text columns among title, description/],
      [{ id: 'x', text: {}, attributes: { price: Number.NaN } }, /finite number/],
      [{ id: 'y', text: {} }, /ids of their own/],
    ] as const)
      await expect(first.addItems([{ id: 'y', text: { title: 'Y' } }, bad as never])).rejects.toThrow(
        message,
      );
    expect(first.item('y')).toBeUndefined();
    await first.close();
    await using second = await open({ folder: dir });
    expect(second.item('tool-1')?.title).toBe('Chisel');
    expect(idsOf(await second.search({ words: 'hammer' }))).toEqual(['tea-new']);
    await using elsewhere = await open();
    expect(elsewhere.item('tea-new')).toBeUndefined();
  });
});

describe('a refit', () => {
  test('learns feedback and new items, answers from the old models until it is done, and is read after a restart', async () => {
    const store = lasting();
    const dir = folder('refit');
    const first = await open({ folder: dir, feedback: store });
    await first.addItems([{ id: 'toy-new', text: { title: 'Rattle', description: 'for the very small' } }]);
    const old = await first.recommend({ user: 'user-2', k: 5 });
    await first.feedback(
      Array.from({ length: 30 }, (_, k) => [
        { user: `fan-${k}`, item: 'toy-new', kind: 'purchase' as const, time: 2000 },
        { user: `fan-${k}`, item: 'tea-5', kind: 'purchase' as const, time: 3000 },
      ]).flat(),
    );
    const refitting = first.refit();
    expect(first.status().refit.state).toBe('running');
    expect(first.refit()).toBe(refitting);
    const versions = new Set<string>();
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const { version, items } = await first.recommend({
          history: ['toy-new'],
          k: 1,
          filter: { kind: 'tea' },
        });
        // Each answer is of one state as a whole: only the new models know what goes with the new item.
        if (version !== old.version) expect(items[0]?.id).toBe('tea-5');
        versions.add(version);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const report = await refitting;
    await first.recommend({ history: ['toy-new'], k: 1 });
    isOver = true;
    await asking;
    expect(report).toMatchObject({ fitted: ['ease'], feedback: 60, newItems: 1 });
    expect(versions.size).toBeLessThanOrEqual(2);
    expect(first.status()).toMatchObject({
      version: report.version,
      refit: { state: 'done' },
      data: { users: 66, newItems: 0, interactions: 240 },
    });
    const [top] = (await first.recommend({ history: ['toy-new'], k: 1 })).items;
    expect(top?.id).toBe('tea-5');
    expect((await readdir(dir)).filter((name) => name.startsWith('ease-'))).toHaveLength(1);
    await first.feedback([{ user: 'fan-0', item: 'tool-1', kind: 'like' }]);
    expect(first.user('fan-0')?.history.map(({ item, isFeedback }) => [item, isFeedback])).toEqual([
      ['toy-new', false],
      ['tea-5', false],
      ['tool-1', true],
    ]);
    const last = await first.recommend({ user: 'fan-0', k: 5 });
    await first.close();
    await using second = await open({ folder: dir, feedback: store });
    const again = await second.recommend({ user: 'fan-0', k: 5 });
    expect(again.items).toEqual(last.items);
    expect(again.version).toBe(report.version);
    expect(second.status().methods.find(({ key }) => key === 'ease')).toMatchObject({ reused: true });
  });

  test('that is cancelled or fails leaves the old models', async () => {
    await using engine = await open();
    const before = await engine.recommend({ user: 'user-1', k: 5 });
    await engine.feedback([{ user: 'gus', item: 'tea-1' }]);
    await expect(async () => engine.refit({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    const controller = new AbortController();
    const cancelled = engine.refit({ signal: controller.signal });
    controller.abort();
    await cancelled.then(
      () => undefined,
      (error) => expect(PalateError.is(error) && error.code).toBe('cancelled'),
    );
    expect((await engine.recommend({ user: 'user-1', k: 5 })).items).toEqual(before.items);
    expect((await engine.refit()).feedback).toBe(1);
  });

  test('with another store than the last time begins from the data, and says so', async () => {
    const dir = folder('other-store');
    const first = await open({ folder: dir });
    await first.recommend({ user: 'user-1' });
    await first.feedback([{ user: 'hal', item: 'tea-1' }]);
    await first.refit();
    await first.close();
    const notices: string[] = [];
    await using second = await open({ folder: dir, onNotice: (notice) => notices.push(notice) });
    expect(notices.join()).toContain('differs from that of the last refit');
    expect(second.status().data.users).toBe(36);
    expect(second.user('hal')).toBeUndefined();
  });

  test('again and again with new items holds no more than once', async () => {
    const encoder = new WordEncoder();
    await using engine = await Engine.open({
      dataset: shop(),
      folder: folder('loop'),
      pipeline: LIGHT,
      encoder,
    });
    for (let round = 0; round < 5; round++) {
      await engine.addItems([{ id: `extra-${round}`, text: { title: `Extra ${round}` } }]);
      await engine.recommend({ user: 'user-0', text: 'calm', k: 3 });
      await engine.refit();
    }
    const names = await readdir(folder('loop'));
    expect(names.filter((name) => name.startsWith('ease-'))).toHaveLength(1);
    expect(engine.status().data).toMatchObject({ items: 29, newItems: 0 });
  });
});

describe('two engines on one folder and one store', () => {
  test('take in what the other was told, once', async () => {
    const store = lasting();
    const dir = folder('two');
    await using first = await open({ folder: dir, feedback: store });
    await using second = await open({ folder: dir, feedback: store });
    await first.feedback([{ user: 'ida', item: 'tea-1', kind: 'like' }]);
    await second.feedback([{ user: 'ida', item: 'tea-2', kind: 'like' }]);
    await first.addItems([{ id: 'toy-new', text: { title: 'Rattle', description: 'for the very small' } }]);
    const chosen = (engine: Engine) => engine.user('ida')?.history.map(({ item }) => item);
    expect(chosen(first)).toEqual(['tea-1']);
    expect(await first.catchUp()).toEqual({ events: 1, items: 0 });
    expect(await first.catchUp()).toEqual({ events: 0, items: 0 });
    expect(await second.catchUp()).toEqual({ events: 0, items: 1 });
    expect(chosen(first)).toEqual(['tea-1', 'tea-2']);
    expect(chosen(second)).toEqual(['tea-1', 'tea-2']);
    expect(second.item('toy-new')).toMatchObject({ title: 'Rattle', isNew: true });
    // Both at the same moment: nobody's is lost, and both count them in the same order.
    await Promise.all([
      first.addItems([{ id: 'of-first', text: { title: 'First' } }]),
      second.addItems([{ id: 'of-second', text: { title: 'Second' } }]),
    ]);
    for (const engine of [first, second]) await engine.catchUp();
    for (const id of ['of-first', 'of-second'])
      for (const engine of [first, second]) expect(engine.item(id)).toMatchObject({ id, isNew: true });
    expect(second.status().version).toBe(first.status().version);
  });

  test('a refit of the one fits what the other has in use, which a third reads', async () => {
    const store = lasting();
    const dir = folder('beside');
    await using answering = await open({ folder: dir, feedback: store });
    await answering.recommend({ user: 'user-1' });
    const item = await answering.fit({ system: 'item-knn' });
    expect(item).toMatchObject({ key: 'item-knn', state: 'ready', reused: false });
    await answering.feedback([{ user: 'jon', item: 'tea-1' }]);
    const models = answering.models();
    expect(models.map(({ method }) => method)).toEqual(['ease', 'item-knn']);
    const fitting = await open({ folder: dir, feedback: store });
    expect((await fitting.refit({ models })).fitted).toEqual(['ease', 'item-knn']);
    await fitting.close();
    await using next = await open({ folder: dir, feedback: store });
    await next.prepare({ models });
    const reused = next.models().map((model) => [model.method, model.reused]);
    expect(reused).toContainEqual(['ease', true]);
    expect(reused).toContainEqual(['item-knn', true]);
    expect(next.status().data.users).toBe(37);
    const kept = async () => (await readdir(dir)).filter((name) => /^(ease|item-knn)-/.test(name)).length;
    expect(await kept()).toBe(4);
    await next.removeModels(models.flatMap(({ dir: each }) => each ?? []));
    await next.removeModels(next.models().flatMap(({ dir: each }) => each ?? []));
    expect(await kept()).toBe(2);
  });
});

describe('a fit that is forced', () => {
  test('keeps and answers from the old model until the new one is whole', async () => {
    const dir = folder('forced');
    await using engine = await open({ folder: dir });
    await engine.fit({ system: 'ease' });
    const [name = ''] = (await readdir(dir)).filter((each) => each.startsWith('ease-'));
    const made = async () => (await stat(join(dir, name))).ino;
    const before = await made();
    await expect(
      engine.fit({ system: 'ease', force: true }, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    expect(await made()).toBe(before);
    const forced = engine.fit({ system: 'ease', force: true });
    expect((await stat(join(dir, name))).isDirectory()).toBe(true);
    // The old one answers meanwhile, and says that it is ready.
    expect(engine.models().map(({ state }) => state)).toEqual(['ready']);
    expect((await engine.recommend({ user: 'user-1', system: 'ease', k: 3 })).items).toHaveLength(3);
    expect((await forced).reused).toBe(false);
    expect(engine.models().map(({ method, reused }) => [method, reused])).toEqual([['ease', false]]);
    expect(await made()).not.toBe(before);
    expect(await readdir(dir)).toContain(name);
    expect((await readdir(dir)).filter((each) => !/^ease-[0-9a-f]{16}$/.test(each))).toEqual([]);
  });
});

test('what a newcomer says no to is left out, and what is like it put down', async () => {
  await using engine = await open();
  const all = (await engine.recommend({ k: 24 })).items.map(({ id }) => id);
  const [disliked = ''] = all;
  const kind = disliked.split('-')[0] ?? '';
  const without = (await engine.recommend({ k: 24, dislikes: [disliked] })).items.map(({ id }) => id);
  expect([...without, disliked].sort()).toEqual([...all].sort());
  const place = (list: readonly string[]): number =>
    list.filter((id) => id !== disliked).reduce((sum, id, at) => sum + (id.startsWith(kind) ? at : 0), 0);
  expect(place(without)).toBeGreaterThan(place(all));
  await expect(engine.recommend({ dislikes: ['nobody knows'] })).rejects.toThrow(/dislikes\[0\]/);
  // As the same said by feedback.
  await engine.feedback([{ user: 'new', item: disliked, kind: 'dislike' }]);
  expect((await engine.recommend({ user: 'new', k: 24 })).items.map(({ id }) => id)).toEqual(without);
});
