import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  fingerprint,
  IdMap,
  InteractionLog,
  madeFrom,
  Pipeline,
  type Provenance,
  provenanceOfLog,
  type Retriever,
  type TextEncoder,
  UNKNOWN,
  WORLD,
  withLog,
} from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { describe, expect, it } from 'vitest';
import { Bm25Retriever, Ease, Fusion, ItemKnn, PopularityRetriever, TextRetriever } from '../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 40 }, (_, k) => ({ user: `u${k % 8}`, item: `i${(k * 7) % 20}`, timestamp: k })),
);
const split = leaveOneOut(log);
const catalog = new Catalog({ items: log.items, text: { title: [...log.items] } });
const dataset = createDataset({ name: 'made up', log, catalog, licence: 'MIT', source: 'made up' });
const train = withLog(dataset, split.train);
/** Texts that name the users who met an item: the strongest leak that there is. */
const metBy = (of: InteractionLog): string[] =>
  Array.from(of.items, (_, item) =>
    Array.from(of.user, (user, row) => (of.item[row] === item ? of.users.idOf(user) : '')).join(' '),
  );
const encoder: TextEncoder = {
  id: 'letters',
  width: 4,
  encode: async (texts) => ({
    width: 4,
    truncated: 0,
    data: Float32Array.from(texts.flatMap((text) => [1, 2, 3, 4].map((k) => text.length % (k + 1) || 1))),
  }),
};
const fits: Record<string, (from: typeof dataset, fields?: string[]) => Promise<Retriever>> = {
  BM25: (from, fields) => Bm25Retriever.fit(from, { fields }),
  texts: (from, fields) => TextRetriever.fit(from, { encoder, fields }),
};
const judge = (retriever: Retriever) =>
  evaluateRanking(retriever, { history: split.known, test: split.test }, { metrics: ['hr@5'], resamples: 0 });
const withBuyers = (of: InteractionLog, provenance?: Provenance): typeof dataset => ({
  ...train,
  catalog: train.catalog.withText('buyers', metBy(of), provenance),
});

describe('texts of a catalogue that were made from interactions', () => {
  for (const [name, fit] of Object.entries(fits)) {
    it(`${name}: are refused at the test where they know it or do not say, and admitted where they know training`, async () => {
      await expect(judge(await fit(withBuyers(log, provenanceOfLog(log))))).rejects.toMatchObject({
        code: 'leak',
        received: expect.stringContaining('they were made from'),
      });
      await expect(judge(await fit(withBuyers(split.train)))).rejects.toMatchObject({ code: 'leak' });
      const admitted = await fit(withBuyers(split.train, provenanceOfLog(split.train)));
      expect((await judge(admitted)).users).toBe(8);
      // What is not read leaks nothing.
      expect((await judge(await fit(withBuyers(log), ['title']))).users).toBe(8);
    });
  }

  it('are known after saving and loading', async () => {
    const known = madeFrom({ until: 12 });
    const dir = join(mkdtempSync(join(tmpdir(), 'palate-provenance-')), 'saved');
    const bm25 = await Bm25Retriever.fit(withBuyers(split.train, known));
    await bm25.save(dir);
    expect((await Bm25Retriever.load(dir)).provenance).toEqual(known);
    const texts = await TextRetriever.fit(withBuyers(split.train, known), { encoder });
    await texts.save(`${dir}-texts`);
    expect((await TextRetriever.load(`${dir}-texts`, encoder)).provenance).toEqual(known);
  });
});

describe('a catalogue', () => {
  const known = madeFrom({ log: fingerprint(log) });

  it('knows what the fields asked for know together, in whatever order its items are', () => {
    expect(catalog.provenanceOf()).toEqual(WORLD);
    const more = new Catalog({
      items: log.items,
      text: catalog.text,
      attributes: { plays: Array.from(log.items, () => 3) },
      provenance: { plays: madeFrom({ until: 5 }) },
    }).withText('buyers', metBy(log), known);
    const other = more.align(new IdMap([...log.items].reverse()));
    for (const each of [more, other]) {
      expect(each.provenanceOf(['title'])).toEqual(WORLD);
      expect(each.provenanceOf(['title', 'plays'])).toEqual(madeFrom({ until: 5 }));
      expect(each.provenanceOf(['buyers'])).toEqual(known);
      expect(each.provenanceOf()).toMatchObject({ kind: 'interactions', sources: { length: 2 } });
      expect(each.withText('title', [...log.items]).provenanceOf()).toEqual(UNKNOWN);
    }
    expect(more.withText('buyers', metBy(log), WORLD).provenanceOf(['buyers'])).toEqual(WORLD);
  });

  it('refuses a note on a column that it has not', () => {
    expect(() => new Catalog({ ...catalog, provenance: { plot: known } })).toThrow(/"plot"/);
    expect(() => catalog.provenanceOf(['constructor'])).toThrow(/"constructor"/);
    expect(() => catalog.itemText(0, ['toString'])).toThrow(/"toString"/);
    const named = {
      items: log.items,
      text: {},
      attributes: { constructor: Array.from(log.items, () => 'x') },
    };
    expect(new Catalog(named).itemText(0, ['constructor'])).toBe('x');
  });
});

describe('a retriever that was fitted on everything, or on the test', () => {
  const leak = (what: string) => ({ code: 'leak', received: expect.stringContaining(what) });
  const only = withLog(dataset, split.test);

  it('is refused at the test of a split, alone, in a fusion, in a pipeline and from a folder', async () => {
    for (const fit of [
      (from: typeof dataset) => ItemKnn.fit(from),
      (from: typeof dataset) => PopularityRetriever.fit(from),
      (from: typeof dataset) => Ease.fit(from),
    ]) {
      await expect(judge(await fit(dataset))).rejects.toMatchObject(leak('the whole log'));
      await expect(judge(await fit(only))).rejects.toMatchObject(leak('the test itself'));
      expect((await judge(await fit(train))).users).toBe(8);
      expect((await judge(await fit(withLog(dataset, split.known)))).users).toBe(8);
    }
    const [fair, unfair] = [await ItemKnn.fit(train), await ItemKnn.fit(dataset)];
    const dir = join(mkdtempSync(join(tmpdir(), 'palate-fitted-')), 'saved');
    await unfair.save(dir);
    for (const each of [
      await ItemKnn.load(dir),
      new Fusion([fair, unfair]),
      new Pipeline(unfair, []),
      new Pipeline(fair, [
        {
          name: 'ranker',
          fittedOn: unfair.fittedOn,
          rank: async (_, lists) => [...lists.map((list) => [...list])],
        },
      ]),
    ])
      await expect(judge(each)).rejects.toMatchObject(leak('the whole log'));
    expect((await judge(new Fusion([fair, fair]))).users).toBe(8);
  });

  it('may be measured on what it was fitted on where that is no test of a split', async () => {
    const knn = await ItemKnn.fit(dataset);
    const nothing = log.select(new Int32Array(0));
    const on = (test: InteractionLog) =>
      evaluateRanking(knn, { history: nothing, test }, { metrics: ['hr@5'], resamples: 0 });
    expect((await on(log)).users).toBe(8);
  });

  it('may be chosen by the validation part that it was stopped by, but not fitted on it', async () => {
    const validation = split.validation as InteractionLog;
    const at = (of: Retriever) =>
      evaluateRanking(of, { history: split.train, test: validation }, { metrics: ['hr@5'], resamples: 0 });
    const fair = await ItemKnn.fit(train);
    expect((await at(fair)).users).toBe(8);
    const stopped: Retriever = {
      name: 'stopped by validation',
      items: fair.items,
      fittedOn: [fingerprint(split.train), fingerprint(validation)],
      retrieve: (queries, k, options) => fair.retrieve(queries, k, options),
    };
    expect((await at(stopped)).users).toBe(8);
    await expect(judge(stopped)).resolves.toMatchObject({ users: 8 });
    await expect(at(await ItemKnn.fit(dataset))).rejects.toMatchObject(leak('the whole log'));
    await expect(at(await ItemKnn.fit(withLog(dataset, split.known)))).rejects.toMatchObject(
      leak('a log that holds the test'),
    );
  });
});
