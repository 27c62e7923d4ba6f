import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  InteractionLog,
  type KnowledgeEntry,
  type LanguageModel,
  LeakError,
  madeFrom,
  provenanceOf,
  WORLD,
} from '@palate/core';
import { describe, expect, it } from 'vitest';
import {
  checkKnowledgeLeak,
  ctrSamples,
  earlyCount,
  encodeFeatures,
  FACTORS,
  generateKnowledge,
  openKnowledgeStore,
  reasoningInputs,
  splitByTimes,
  splitByUsers,
  userReasoningTemplate,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

describe('encodeFeatures', () => {
  const dataset = madeUpFilms();
  const { items, users } = dataset.log;
  const seen = {
    users: new Uint8Array(users.size).fill(1),
    items: Uint8Array.from([...items], (id) => (Number(id.slice(1)) < 20 ? 1 : 0)),
  };

  it('knows the values of training and no others', () => {
    const { item } = encodeFeatures(dataset, [{ name: 'id', of: 'item', kind: 'categorical' }], seen);
    const [ids] = item;
    expect(ids?.rows).toBe(21);
    for (const [index, id] of [...items].entries())
      expect((ids?.codes[index] as number) > 0).toBe(Number(id.slice(1)) < 20);
  });

  it('pads several categories and hashes where asked to', () => {
    const { item, user } = encodeFeatures(
      dataset,
      [
        { name: 'genres', of: 'item', kind: 'multi', most: 2 },
        { name: 'side', of: 'user', kind: 'categorical', hashSize: 7 },
      ],
      seen,
    );
    const film = (n: number) => items.indexOf(`f${n}`);
    const codes = item[0]?.codes as Int32Array;
    expect(codes[2 * film(2) + 1]).toBe(0);
    expect(codes[2 * film(6) + 1]).toBeGreaterThan(0);
    expect(codes[2 * film(2)]).toBe(codes[2 * film(6)]);
    expect(user[0]?.rows).toBe(8);
    for (const code of user[0]?.codes ?? []) expect(code >= 1 && code <= 7).toBe(true);
  });

  it('brings numbers to mean 0 and variance 1 over training', () => {
    const { item } = encodeFeatures(dataset, [{ name: 'year', of: 'item', kind: 'numeric' }], seen);
    const own = [...(item[0]?.numbers ?? [])].filter((_, index) => seen.items[index]);
    expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 4);
    expect(own.reduce((sum, value) => sum + value * value, 0) / own.length).toBeCloseTo(1, 4);
  });

  it('names attributes that do not exist and values of another kind', () => {
    expect(() => encodeFeatures(dataset, [{ name: 'genre', of: 'item', kind: 'multi' }], seen)).toThrow(
      /genres/,
    );
    expect(() =>
      encodeFeatures(dataset, [{ name: 'genres', of: 'item', kind: 'categorical' }], seen),
    ).toThrow(/multi/);
    expect(() => encodeFeatures(dataset, [{ name: 'title', of: 'item', kind: 'numeric' }], seen)).toThrow(
      /Film/,
    );
  });
});

describe('ctrSamples', () => {
  const log = InteractionLog.fromRows([
    { user: 'a', item: 'x', timestamp: 1, rating: 5 },
    { user: 'a', item: 'y', timestamp: 2, rating: 3 },
    { user: 'a', item: 'z', timestamp: 3, rating: 4 },
    { user: 'b', item: 'x', timestamp: 9, rating: 1 },
    { user: 'b', item: 'y', timestamp: 8, rating: 4 },
  ]);

  it('are made from each position on, in time order, with labels above the threshold', () => {
    const samples = ctrSamples(log, { above: 3, from: [2, 0] });
    const rows = Array.from(samples.user, (user, k) => [
      log.users.idOf(user),
      log.items.idOf(samples.item[k] as number),
      samples.label[k],
      samples.position[k],
    ]);
    // User b's first interaction by time is y; it has no history, so that x is its first sample.
    expect(rows).toEqual([
      ['a', 'z', 1, 2],
      ['b', 'x', 0, 1],
    ]);
  });

  it('are split so that no user stands in two parts, or that the test is later than training', () => {
    const samples = ctrSamples(madeUpFilms().log, { above: 3 });
    const byUser = splitByUsers(samples, 3);
    const users = [byUser.train, byUser.validation, byUser.test].map(({ user }) => new Set(user));
    expect([...(users[2] as Set<number>)].some((user) => users[0]?.has(user) || users[1]?.has(user))).toBe(
      false,
    );
    expect(users.map((set) => set.size)).toEqual([48, 6, 6]);
    const byTime = splitByTimes(samples);
    const time = (part: typeof samples) =>
      Array.from(part.user, (user, k) => {
        const { offsets, row } = part.log.byUser();
        return part.log.timestamp[
          row[(offsets[user] as number) + (part.position[k] as number)] as number
        ] as number;
      });
    expect(Math.max(...time(byTime.train))).toBeLessThan(Math.min(...time(byTime.validation)));
    expect(Math.max(...time(byTime.validation))).toBeLessThan(Math.min(...time(byTime.test)));
  });
});

describe('checkKnowledgeLeak', () => {
  const { log } = madeUpFilms();
  const entry = (user: string, n: number): KnowledgeEntry => ({
    entityType: 'user',
    entity: user,
    kind: 'preference',
    promptVersion: '1',
    model: 'm',
    text: 'likes war',
    facts: { n },
    createdAt: 1,
  });

  it('accepts samples after what the writer saw, and refuses one before', () => {
    const n = earlyCount(12);
    expect(n).toBe(6);
    const samples = ctrSamples(log, { above: 3, from: Array.from({ length: log.users.size }, () => n) });
    expect(() => checkKnowledgeLeak(samples, [entry('u3', 6)])).not.toThrow();
    expect(() => checkKnowledgeLeak(samples, [entry('u3', 7)])).toThrow(/u3/);
  });

  it('compares times where the writer’s last is known', () => {
    const samples = ctrSamples(log, { above: 3, from: Array.from({ length: log.users.size }, () => 6) });
    const { facts: _, ...timed } = entry('u3', 0);
    // User 3's sixth sample stands at 3006.
    expect(() => checkKnowledgeLeak(samples, [{ ...timed, knowsUntil: 3005 }])).not.toThrow();
    expect(() => checkKnowledgeLeak(samples, [{ ...timed, knowsUntil: 3006 }])).toThrow(/leak|after/);
  });

  it('refuses texts that do not say what they were written from, about items too', () => {
    const samples = ctrSamples(log, { above: 3, from: Array.from({ length: log.users.size }, () => 6) });
    const { facts: _, ...silent } = entry('u3', 0);
    expect(() => checkKnowledgeLeak(samples, [silent])).toThrow(/with a note of the interactions/);
    const item: KnowledgeEntry = { ...silent, entityType: 'item', entity: 'f1' };
    expect(() => checkKnowledgeLeak(samples, [item])).toThrow(/with a note of the interactions/);
    expect(() => checkKnowledgeLeak(samples, [{ ...item, provenance: WORLD }])).not.toThrow();
    expect(() => checkKnowledgeLeak(samples, [{ ...item, provenance: madeFrom({ until: 1e6 }) }])).toThrow(
      LeakError,
    );
  });
});

describe('KAR’s flow where interactions happened at equal times', () => {
  // Ten ratings in five evenings of two, as people rate: half of each history is shown to the writer.
  const log = InteractionLog.fromRows(
    Array.from({ length: 3 }, (_, user) =>
      Array.from({ length: 10 }, (__, at) => ({
        user: `u${user}`,
        item: `i${at}`,
        timestamp: 1000 + Math.floor(at / 2),
        rating: 1 + (at % 5),
      })),
    ).flat(),
  );
  const dataset = createDataset({
    name: 'evenings',
    log,
    catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
    licence: 'MIT',
    source: 'made up',
  });
  const model: LanguageModel = {
    id: 'test:m',
    generate: async (requests) =>
      requests.map(() => ({
        ok: true,
        result: {
          text: 'Likes even films.',
          usage: { inputTokens: 1, outputTokens: 1 },
          finishReason: 'stop',
          model: 'm',
        },
      })),
  };

  it('goes from inputs over the job and the store to samples that it accepts', async () => {
    const inputs = reasoningInputs(dataset);
    // The fifth rating is of the third evening, whose other one comes later: the evening is not shown.
    expect(inputs.map(({ input }) => input.history.length)).toEqual([4, 4, 4]);
    const store = openKnowledgeStore(join(mkdtempSync(join(tmpdir(), 'palate-kar-')), 'store'));
    await generateKnowledge({ store, model, template: userReasoningTemplate(FACTORS.films), inputs });
    const entries: KnowledgeEntry[] = [];
    for await (const each of store.list({ entityType: 'user' })) entries.push(each);
    await store.close();
    expect(entries.map(provenanceOf)).toEqual(
      inputs.map(({ entity }) => madeFrom({ users: { [entity]: { n: 4, until: 1001 } } })),
    );
    const from = Array.from(log.users, () => earlyCount(10));
    const samples = ctrSamples(log, { above: 3, from });
    // Four evenings come before the sixth rating of each user: from the third evening's end on.
    expect([...samples.position]).toEqual([6, 7, 8, 9, 6, 7, 8, 9, 6, 7, 8, 9]);
    expect(() => checkKnowledgeLeak(samples, entries)).not.toThrow();
    const exact = ctrSamples(log, { above: 3, from: Array.from(log.users, () => 4) });
    expect([...exact.position].slice(0, 6)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(() => checkKnowledgeLeak(exact, entries)).not.toThrow();
    const early = ctrSamples(log, { above: 3, from: Array.from(log.users, () => 2) });
    expect(() => checkKnowledgeLeak(early, entries)).toThrow(LeakError);
  });
});
