import {
  Catalog,
  createDataset,
  type GenerateOutcome,
  type GenerateRequest,
  type GenerateResult,
  InteractionLog,
  type LanguageModel,
  OutcomeCounter,
  type OutcomeCounts,
  PalateError,
  RandomStream,
} from '@palate/core';
import { describe, expect, it } from 'vitest';
import {
  dataEfficiency,
  evaluateRatings,
  fitRatingBaseline,
  fitT5Rater,
  LlmRater,
  meanPredictor,
  type RatingPredictor,
  type RatingRows,
  type RatingTask,
  ratingRows,
  takeRows,
} from '../../src/index.js';
import { answering } from '../answering-model.js';

/** Users who rate one genre high and the other low. */
function rated(users = 60, films = 20, each = 12) {
  const random = new RandomStream(2);
  const list = [];
  for (let user = 0; user < users; user++)
    for (const [k, film] of random
      .shuffle(Array.from({ length: films }, (_, f) => f))
      .slice(0, each)
      .entries())
      list.push({
        user: `u${user}`,
        item: `f${film}`,
        timestamp: 1000 * user + k,
        rating: film % 2 === user % 2 ? 4 + random.integer(2) : 1 + random.integer(2),
      });
  const log = InteractionLog.fromRows(list);
  return createDataset({
    name: 'rated',
    log,
    catalog: new Catalog({ items: log.items, text: { title: [...log.items].map((id) => `Film ${id}`) } }),
    licence: 'MIT',
    source: 'made up',
  });
}
const dataset = rated();
const rows = ratingRows(dataset.log, dataset.log, { leastHistory: 4 });
const cut = Array.from(rows.user.keys()).filter((at) => (rows.user[at] as number) < 45);
const test = takeRows(
  rows,
  Array.from(rows.user.keys()).filter((at) => (rows.user[at] as number) >= 45),
);
const task: RatingTask = { dataset, train: takeRows(rows, cut), scale: { min: 1, max: 5 } };

describe('ratingRows', () => {
  it('show what lies strictly before a row, the newest last', () => {
    const log = InteractionLog.fromRows([
      { user: 'a', item: 'x', timestamp: 3, rating: 5 },
      { user: 'a', item: 'y', timestamp: 1, rating: 2 },
      { user: 'a', item: 'z', timestamp: 2, rating: 3 },
    ]);
    const last = log.select(Int32Array.of(0));
    const { history, historyRatings } = ratingRows(last, log);
    expect([...(history[0] ?? [])].map((item) => log.items.idOf(item))).toEqual(['y', 'z']);
    expect([...(historyRatings[0] ?? [])]).toEqual([2, 3]);
    // The oldest has nothing before it.
    expect(ratingRows(log, log).item).toHaveLength(2);
    expect(
      [...(ratingRows(last, log, { historyLength: 1 }).history[0] ?? [])].map((item) => log.items.idOf(item)),
    ).toEqual(['z']);
  });
});

describe('means', () => {
  it('are of training rows and of the user’s own past', async () => {
    const [global, item, user] = await Promise.all(
      (['global', 'item', 'user'] as const).map((kind) => meanPredictor(task, kind).predict(test)),
    );
    const mean = task.train.rating.reduce((sum, value) => sum + value, 0) / task.train.rating.length;
    expect(global?.[0]).toBeCloseTo(mean, 4);
    const own = [...task.train.item.keys()].filter((at) => task.train.item[at] === test.item[0]);
    expect(item?.[0]).toBeCloseTo(
      own.reduce((sum, at) => sum + (task.train.rating[at] as number), 0) / own.length,
      4,
    );
    const past = test.historyRatings[0] as Float32Array;
    expect(user?.[0]).toBeCloseTo(past.reduce((sum, value) => sum + value, 0) / past.length, 4);
  });

  it('know nothing where scores are all equal: an AUC of one half', async () => {
    const [result] = await evaluateRatings([meanPredictor(task, 'global')], test, 4);
    expect(result?.auc).toBe(0.5);
  });
});

describe('evaluateRatings', () => {
  const predicting = (values: (row: number) => number, fallbacks = 0): RatingPredictor => ({
    name: 'made up',
    predict: async (rows, options) => {
      const counter = new OutcomeCounter('made up', rows.rating.length);
      for (let row = 0; row < fallbacks; row++) counter.fallBack('no answer', 'HTTP 503');
      options?.onOutcomes?.(counter.counts());
      return Float32Array.from(rows.rating, (_, row) => values(row));
    },
  });
  it('refuses a prediction that is no number, with predictor and row', async () => {
    await expect(
      evaluateRatings([predicting((row) => (row === 3 ? Number.NaN : 4))], test, 4),
    ).rejects.toThrow(/predictions of made up.*NaN at row 3 \(user \d+, item \d+\)/);
    const short: RatingPredictor = { name: 'short', predict: async () => new Float32Array(1) };
    await expect(evaluateRatings([short], test, 4)).rejects.toThrow(/predictions of short.*received 1/);
    await expect(evaluateRatings([short], test, Number.NaN)).rejects.toThrow(/positive/);
  });
  it('counts the rows of a fallback, and refuses a predictor that mostly fell back', async () => {
    const rows = test.rating.length;
    await expect(evaluateRatings([predicting(() => 4, rows)], test, 4)).rejects.toThrow(
      new RegExp(`made up answered ${rows} of ${rows} queries.*no answer ${rows} \\("HTTP 503"\\)`),
    );
    const [result] = await evaluateRatings([predicting(() => 4, rows)], test, 4, { maxFallbackShare: 1 });
    expect(result?.outcomes?.[0]).toMatchObject({ fellBack: rows, causes: { 'no answer': rows } });
  });
});

describe('trained predictors', () => {
  it('read taste out of the rated history of users that they never saw', async () => {
    const options = {
      epochs: 25,
      batchSize: 64,
      learningRate: 0.005,
      dropout: 0,
      dimension: 16,
      patience: 60,
      seed: 1,
    };
    const predictors = [
      meanPredictor(task, 'item'),
      await fitRatingBaseline(task, 'transformer-mlp', options),
    ];
    const [item, ...trained] = await evaluateRatings(predictors, test, 4);
    for (const { name, rmse, auc } of trained) {
      expect(rmse, name).toBeLessThan((item?.rmse as number) - 0.3);
      expect(auc, name).toBeGreaterThan(0.85);
    }
  });

  it('with both heads of the T5 do so too', async () => {
    const many = rated(250, 6, 6);
    const all = ratingRows(many.log, many.log, { leastHistory: 4 });
    const part = (isTest: boolean) =>
      takeRows(
        all,
        Array.from(all.user.keys()).filter((at) => (all.user[at] as number) >= 210 === isTest),
      );
    const whole: RatingTask = { ...task, dataset: many, train: part(false) };
    const options = {
      epochs: 15,
      batchSize: 32,
      learningRate: 0.01,
      dropout: 0,
      dimension: 16,
      patience: 15,
      blocks: 1,
    };
    const [item, ...both] = await evaluateRatings(
      [
        meanPredictor(whole, 'item'),
        await fitT5Rater(whole, { ...options, head: 'regression' }),
        await fitT5Rater(whole, { ...options, head: 'classification' }),
      ],
      part(true),
      4,
    );
    for (const { name, rmse, auc } of both) {
      expect(rmse, name).toBeLessThan((item?.rmse as number) - 0.3);
      expect(auc, name).toBeGreaterThan(0.85);
    }
  });

  it('by ids know users of training, and clip to the scale', async () => {
    const order = new RandomStream(9).shuffle(Int32Array.from(rows.user.keys()));
    const known: RatingTask = { ...task, train: takeRows(rows, order.slice(0, 400)) };
    const rest = takeRows(rows, order.slice(400));
    const mlp = await fitRatingBaseline(known, 'mf', {
      epochs: 60,
      batchSize: 64,
      learningRate: 0.02,
      dropout: 0,
      dimension: 8,
    });
    const [mf, mean] = await evaluateRatings([mlp, meanPredictor(known, 'global')], rest, 4);
    expect(mf?.rmse as number).toBeLessThan((mean?.rmse as number) - 0.1);
    for (const value of await mlp.predict(rest)) expect(value >= 1 && value <= 5).toBe(true);
  });

  it('are judged on the same rows along the curve of training data', async () => {
    const points = await dataEfficiency(task, test, 4, [0.1, 1], async (fewer) =>
      meanPredictor(fewer, 'item'),
    );
    expect(points.map(({ share, rows: count }) => [share, count])).toEqual([
      [0.1, test.rating.length],
      [1, test.rating.length],
    ]);
  });
});

const answered = (text: string, finishReason: GenerateResult['finishReason'] = 'stop'): GenerateOutcome => ({
  ok: true,
  result: { text, finishReason, usage: { inputTokens: 1, outputTokens: 1 }, model: 'test' },
});

describe('LlmRater', () => {
  it('shows history and examples, counts what is no rating, and falls back on the user’s mean', async () => {
    const few = takeRows(test, [0, 1, 2]);
    const model = answering((prompt) =>
      prompt.includes(`To be rated: Film ${dataset.log.items.idOf(few.item[1] as number)}`) ? 'no idea' : '4',
    );
    const rater = new LlmRater(task, { model, shots: 2 });
    const predictions = await rater.predict(takeRows(few, [0, 1]));
    expect(predictions[0]).toBe(4);
    const past = few.historyRatings[1] as Float32Array;
    expect(predictions[1]).toBeCloseTo(past.reduce((sum, value) => sum + value, 0) / past.length, 4);
    expect(rater.counts).toEqual({ asked: 2, failed: 1 });
    expect(model.asked[0]?.match(/^Rating: \d/gm)).toHaveLength(2);
    const own = few.rating[0] as number;
    expect(model.asked[0]?.trimEnd().endsWith('Rating:')).toBe(true);
    expect(own).toBeGreaterThan(0);
    expect(rater.outcomes).toMatchObject({
      asked: 2,
      fellBack: 1,
      causes: { 'no rating in the answer': 1 },
      examples: { 'no rating in the answer': 'no idea' },
    });
  });

  it('counts failures by cause, with the text of the server, and tells the caller', async () => {
    const finish: Readonly<Record<number, GenerateOutcome>> = {
      0: answered('<think>They would', 'length'),
      1: answered('Rating: 4', 'filter'),
      2: {
        ok: false,
        error: new PalateError('rate-limited', {
          expected: 'an answer',
          received: 'slow down please',
          hint: 'Wait.',
        }),
      },
      3: answered('I would say 4', 'length'),
      4: answered('Out of 5, I predict 4'),
    };
    const model: LanguageModel = {
      id: 'test',
      generate: async (requests) => requests.map((_, k) => finish[k] as GenerateOutcome),
    };
    const told: OutcomeCounts[] = [];
    const rater = new LlmRater(task, { model });
    const predictions = await rater.predict(takeRows(test, [0, 1, 2, 3, 4]), {
      onOutcomes: (outcomes) => told.push(outcomes),
    });
    expect(predictions[4]).toBe(4);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      source: 'test, zero-shot',
      asked: 5,
      fellBack: 4,
      causes: {
        'reasoning alone': 1,
        filtered: 1,
        'rate-limited': 1,
        'cut at the length limit': 1,
      },
      examples: { 'rate-limited': expect.stringContaining('slow down please') },
    });
  });

  it('is not judged where the mean of the past answered in its place', async () => {
    const few = takeRows(test, [0, 1, 2, 3]);
    const rater = new LlmRater(task, { model: answering(() => 'no idea') });
    await expect(evaluateRatings([rater], few, 4)).rejects.toMatchObject({
      code: 'untrustworthy-result',
      message: expect.stringContaining('no rating in the answer 4 ("no idea")'),
    });
    expect(await evaluateRatings([rater], few, 4, { maxFallbackShare: 1 })).toHaveLength(1);
  });

  it('passes token limit and temperature on', async () => {
    const seen: GenerateRequest[] = [];
    const model = answering((_, request) => {
      seen.push(request);
      return '4';
    });
    const one = takeRows(test, [0]);
    await new LlmRater(task, { model, maxTokens: 900, temperature: 0.7 }).predict(one);
    await new LlmRater(task, { model }).predict(one);
    expect(seen.map(({ maxTokens, temperature }) => [maxTokens, temperature])).toEqual([
      [900, 0.7],
      [64, 0],
    ]);
  });

  it('refuses few-shot without the examples, and never shows a user as its own example', async () => {
    const model = answering(() => '4');
    expect(() => new LlmRater({ ...task, train: takeRows(task.train, []) }, { model, shots: 2 })).toThrow(
      /2 other users.*rows of 0/,
    );
    const last = task.train.item.length - 1;
    const rater = new LlmRater(task, { model, shots: 1 });
    await rater.predict(takeRows(task.train, [last]));
    const titles = (rows: RatingRows, at: number): string =>
      `To be rated: Film ${dataset.log.items.idOf(rows.item[at] as number)}\nRating: ${rows.rating[at]}`;
    expect(model.asked[0]).not.toContain(titles(task.train, last));
    expect(model.asked[0]?.match(/^Rating: \d/gm)).toHaveLength(1);
  });
});

it('refuses options of a trained predictor that are no numbers of their kind', async () => {
  for (const options of [
    { dimension: 0 },
    { dimension: 2.5 },
    { dropout: Number.NaN },
    { weightDecay: -1 },
    { weightDecay: Number.NaN },
    { patience: 0 },
  ]) {
    const [name] = Object.keys(options) as [string];
    await expect(fitRatingBaseline(task, 'mf', options)).rejects.toThrow(new RegExp(`${name} to be`));
    await expect(fitT5Rater(task, options)).rejects.toThrow(new RegExp(`${name} to be`));
  }
  await expect(fitT5Rater(task, { blocks: 0.5 })).rejects.toThrow(/blocks to be/);
});
