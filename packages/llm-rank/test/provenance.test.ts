import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  EmbeddingTable,
  fingerprint,
  InteractionLog,
  type LanguageModel,
  madeFrom,
  Pipeline,
  type Provenance,
  provenanceOfLog,
  RandomStream,
  type Retriever,
  UNKNOWN,
  WORLD,
  withLog,
} from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { PopularityRetriever } from '@palate/retrievers';
import { describe, expect, it } from 'vitest';
import {
  evaluateRatings,
  evaluateStudy,
  LlmRanker,
  LlmRater,
  LocalRanker,
  type LocalRankerOptions,
  profileInputs,
  proxyStudy,
  type RatingPredictor,
  rankByRetriever,
  ratingRows,
} from '../src/index.js';

const leak = { code: 'leak' };
const log = InteractionLog.fromRows(
  Array.from({ length: 60 }, (_, k) => ({
    user: `u${k % 10}`,
    item: `i${(k * 7) % 20}`,
    timestamp: k,
    rating: 1 + (k % 5),
  })),
);
const dataset = createDataset({
  name: 'made up',
  log,
  catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
  licence: 'MIT',
  source: 'made up',
});
const split = leaveOneOut(log);
const train = withLog(dataset, split.train);

describe('LocalRanker', () => {
  const random = new RandomStream(2);
  const values = Float32Array.from({ length: 4 * log.items.size }, () => random.normal());
  const vectors = (provenance?: Provenance) => new EmbeddingTable(log.items, 4, values, provenance);
  const fit = (options: LocalRankerOptions) =>
    LocalRanker.fit(train, {
      dimension: 4,
      heads: 1,
      blocks: 1,
      epochs: 1,
      perUser: 1,
      userShare: 1,
      leastHistory: 1,
      ...options,
    });
  const profiles = new Map([['u0', 'quiet drama']]);
  const { validation } = split;

  it('is not stopped or weighted by a validation that its profiles, vectors or retriever know', async () => {
    const known = provenanceOfLog(split.known);
    await expect(fit({ validation, vectors: vectors(known) })).rejects.toMatchObject(leak);
    await expect(fit({ validation, vectors: vectors() })).rejects.toMatchObject(leak);
    await expect(fit({ validation, profiles })).rejects.toMatchObject(leak);
    await expect(
      fit({ validation, profiles, profileProvenance: madeFrom({ users: { u0: { n: 5 } } }) }),
    ).rejects.toMatchObject(leak);
    const retriever: Retriever = {
      name: 'by texts',
      items: log.items,
      provenance: known,
      retrieve: async (queries) => queries.map(() => [{ item: 0, score: 1 }]),
    };
    await expect(fit({ validation, retriever })).rejects.toMatchObject(leak);
  });

  it('tells evaluation what profiles and vectors know, after loading too', async () => {
    const ranker = await fit({
      validation,
      profiles,
      profileProvenance: madeFrom({ users: { u0: { n: 4 } } }),
      vectors: vectors(provenanceOfLog(split.train)),
    });
    const dir = join(mkdtempSync(join(tmpdir(), 'palate-provenance-')), 'saved');
    await ranker.save(dir);
    const loaded = await LocalRanker.load(dir);
    expect(loaded.provenance).toEqual(ranker.provenance);
    const judge = (history: InteractionLog, test: InteractionLog) =>
      evaluateRanking(loaded, { history, test }, { metrics: ['hr@5'], resamples: 0 });
    expect((await judge(split.known, split.test)).users).toBe(10);
    // The fourth interaction of u0 is known to the profile.
    await expect(judge(log.select(new Int32Array(0)), split.train)).rejects.toMatchObject(leak);
    expect((await fit({})).provenance).toBeUndefined();
  });

  it('and LlmRanker say what the catalogue and the texts that they show know', async () => {
    const known = provenanceOfLog(log);
    const catalog = train.catalog.withText('title', [...log.items], known);
    const model: LanguageModel = {
      id: 'test:silent',
      generate: async (requests) =>
        requests.map(() => ({
          ok: true,
          result: {
            text: '1',
            usage: { inputTokens: 1, outputTokens: 1 },
            finishReason: 'stop',
            model: 'silent',
          },
        })),
    };
    expect(new LlmRanker({ model, catalog }).provenance).toEqual(known);
    expect(new LlmRanker({ model, catalog: train.catalog }).provenance).toEqual(WORLD);
    const profile = (): string => 'quiet drama';
    const silent = new LlmRanker({ model, catalog: train.catalog, profile });
    expect(silent.provenance).toEqual(UNKNOWN);
    const pipeline = new Pipeline(await PopularityRetriever.fit(train), [silent]);
    await expect(
      evaluateRanking(
        pipeline,
        { history: split.known, test: split.test },
        { metrics: ['hr@5'], resamples: 0 },
      ),
    ).rejects.toMatchObject(leak);
    const spoken = { model, catalog: train.catalog, profile, knowledgeProvenance: madeFrom({ until: 3 }) };
    expect(new LlmRanker(spoken).provenance).toEqual(madeFrom({ until: 3 }));
    const genres = new Catalog({
      items: log.items,
      text: train.catalog.text,
      attributes: { genres: Array.from(log.items, (id) => [id]) },
      provenance: { genres: known },
    });
    await expect(
      LocalRanker.fit({ ...train, catalog: genres }, { validation, epochs: 1 }),
    ).rejects.toMatchObject(leak);
    const rows = ratingRows(log, log);
    const scale = { min: 1, max: 5 };
    const rater = new LlmRater({ dataset: { ...train, catalog }, train: rows, scale }, { model });
    expect(rater.provenance).toEqual(known);
  });

  it('profiles asked for from training are admitted to its test, and say nothing of time where there is none', () => {
    for (const { entity, provenance, knowsUntil } of profileInputs(train)) {
      const user = log.users.indexOf(entity);
      expect(provenance).toMatchObject({ sources: [{ users: { [entity]: { n: 4, until: knowsUntil } } }] });
      expect(knowsUntil).toBe(30 + user);
    }
    const ordered = InteractionLog.fromRows([
      { user: 'ann', item: 'i0' },
      { user: 'ann', item: 'i1' },
    ]);
    const [input] = profileInputs(withLog(dataset, ordered));
    expect(input?.knowsUntil).toBeUndefined();
    expect(input?.provenance).toMatchObject({ sources: [{ users: { ann: { n: 2 } } }] });
  });
});

describe('evaluateRatings', () => {
  const rows = ratingRows(split.test, log);
  const predictor = (provenance?: Provenance): RatingPredictor => ({
    name: 'by texts',
    provenance,
    predict: async ({ rating }) => new Float32Array(rating.length).fill(3),
  });
  const judge = (provenance?: Provenance, options = {}) =>
    evaluateRatings([predictor(provenance)], rows, 4, options);

  it('refuses a predictor whose texts know a row, or do not say what they know', async () => {
    await expect(judge(UNKNOWN)).rejects.toMatchObject(leak);
    await expect(judge(provenanceOfLog(log))).rejects.toMatchObject(leak);
    await expect(judge(madeFrom({ users: { u3: { n: 6 } } }))).rejects.toMatchObject(leak);
    expect(await judge(madeFrom({ users: { u3: { n: 5 } } }))).toHaveLength(1);
    expect(await judge(WORLD)).toHaveLength(1);
    expect(await judge()).toHaveLength(1);
  });

  it('admits what was made from the training data, and refuses rows that do not say which they are', async () => {
    const untimed = madeFrom({ log: fingerprint(split.known) });
    await expect(judge(untimed)).rejects.toMatchObject(leak);
    await expect(judge(untimed, { train: split.known })).resolves.toHaveLength(1);
    const { interactions: _, ...bare } = rows;
    await expect(evaluateRatings([predictor(untimed)], bare, 4)).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });
});

describe('a near-cold-start study', () => {
  const long = InteractionLog.fromRows(
    Array.from({ length: 40 }, (_, k) => ({ user: 'ann', item: `i${k}`, timestamp: k, rating: 9 })),
  );
  const study = proxyStudy(long, [{ user: 'ann', n: 10, likes: 'war', dislikes: '' }], { liked: 8 });
  const retriever = (provenance?: Provenance): Retriever => ({
    name: 'by texts',
    items: long.items,
    provenance,
    retrieve: async (queries) =>
      queries.map(({ candidates }) => Array.from(candidates ?? [], (item) => ({ item, score: 1 }))),
  });

  it('refuses a retriever whose vectors know a rating of a pool', async () => {
    const rank = (provenance?: Provenance) => rankByRetriever(retriever(provenance), study, 'items');
    for (const fair of [undefined, WORLD, madeFrom({ until: 9 }), madeFrom({ users: { ann: { n: 10 } } })])
      expect((await rank(fair))[0]).toHaveLength(30);
    for (const unfair of [UNKNOWN, madeFrom({ until: 10 }), madeFrom({ users: { ann: { n: 40 } } })])
      await expect(rank(unfair)).rejects.toMatchObject(leak);
  });

  it('refuses scores that are said to know one', () => {
    const scores = [study[0]?.pool.map(() => 1) ?? []];
    const judge = (provenance: Provenance) =>
      evaluateStudy('x', study, scores, (rating) => rating, 10, undefined, provenance);
    expect(judge(madeFrom({ until: 9 })).ndcg).toBe(1);
    expect(() => judge(madeFrom({ until: 39 }))).toThrow(/made without the interactions/);
  });

  it('counts what was rated in the same second as the last that the writer saw as no later rating', () => {
    const tied = InteractionLog.fromRows(
      Array.from({ length: 40 }, (_, k) => ({
        user: 'ann',
        item: `i${k}`,
        timestamp: k === 10 ? 9 : k,
        rating: 9,
      })),
    );
    const [user] = proxyStudy(tied, [{ user: 'ann', n: 10, likes: '', dislikes: '' }], { liked: 8 });
    expect(user?.pool.map(({ item }) => tied.items.idOf(item))).not.toContain('i10');
    expect(user?.pool).toHaveLength(29);
  });
});
