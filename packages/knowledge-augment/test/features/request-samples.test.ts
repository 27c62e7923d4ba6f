import { IdMap, InteractionLog } from '@palate/core';
import { batchTensors, selectBackend } from '@palate/nn';
import { beforeAll, describe, expect, it } from 'vitest';
import { ctrBatch } from '../../src/ctr/ctr-batch.js';
import {
  CtrModel,
  ctrSamples,
  encodeFeatures,
  Reranker,
  requestLists,
  requestSamples,
  rerankLists,
  seenEntities,
  takeSamples,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

beforeAll(async () => {
  await selectBackend('ort');
});

/** Five interactions; the last two were shown by the request that is asked about. */
const log = new InteractionLog({
  users: new IdMap(['ann', 'bob'], 'user'),
  items: new IdMap(['a', 'b', 'c', 'd', 'e']),
  user: Int32Array.of(0, 0, 0, 0, 0),
  item: Int32Array.of(0, 1, 2, 3, 4),
  timestamp: Float64Array.of(10, 20, 30, 40, 40),
  rating: Float32Array.of(5, 1, 5, 5, 1),
  // The second and third row are of one request, whose later click is known before time 40.
  request: Int32Array.of(0, 1, 1, 2, 2),
});
const known = { log, liked: Uint8Array.of(1, 0, 1, 1, 0) };

/** Items of the history of each sample. */
async function histories(samples: ReturnType<typeof requestSamples>): Promise<number[][]> {
  const { history, present } = batchTensors(
    ctrBatch(samples, Int32Array.from(samples.user.keys()), samples.user.length, 8),
  );
  const shown = present?.arraySync() as number[][];
  return ((history?.arraySync() ?? []) as number[][]).map((row, at) =>
    row.filter((_, k) => shown[at]?.[k] === 1),
  );
}

describe('samples of a request', () => {
  it('have the history strictly before its time, all the same one', async () => {
    expect(await histories(requestSamples(known, [{ user: 0, candidates: [3, 4], time: 40 }]))).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    // In the middle of an earlier request what had happened by then is known.
    expect(await histories(requestSamples(known, [{ user: 0, candidates: [2], time: 25 }]))).toEqual([
      [0, 1],
    ]);
    expect(await histories(requestSamples(known, [{ user: 0, candidates: [0], time: 10 }]))).toEqual([[]]);
    expect(await histories(requestSamples(known, [{ user: 1, candidates: [0] }]))).toEqual([[]]);
  });

  it('keep it when they are taken apart, and several requests stand one after the other', async () => {
    const samples = requestSamples(known, [
      { user: 0, candidates: [3, 4], time: 30 },
      { user: 0, candidates: [3] },
    ]);
    expect([...samples.item]).toEqual([3, 4, 3]);
    expect(await histories(takeSamples(samples, [2, 0]))).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1],
    ]);
  });

  it('are refused for unknown users and items, and for times where the log has none', () => {
    expect(() => requestSamples(known, [{ user: 2, candidates: [0] }])).toThrow();
    expect(() => requestSamples(known, [{ user: 0, candidates: [5] }])).toThrow();
    expect(() => requestSamples(known, [{ user: 0, candidates: [0], time: Number.NaN }])).toThrow(
      /finite time/,
    );
    const ordered = { log: InteractionLog.fromRows([{ user: 'u', item: 'i' }]), liked: Uint8Array.of(1) };
    expect(() => requestSamples(ordered, [{ user: 0, candidates: [0], time: 4 }])).toThrow(/order within/);
    expect(requestSamples(ordered, [{ user: 0, candidates: [0] }]).user).toHaveLength(1);
    expect(() => requestLists(known, [{ user: 0, candidates: [0] }])).toThrow(/one length/);
  });
});

it('a click-through model and a re-ranker score a candidate alike whatever the log says of the request itself', async () => {
  const dataset = madeUpFilms(20, 12, 8);
  const samples = ctrSamples(dataset.log, { above: 3 });
  const features = encodeFeatures(
    dataset,
    [{ name: 'id', of: 'item', kind: 'categorical' }],
    seenEntities(samples),
  );
  const shared = { features, dimension: 4, epochs: 1, batchSize: 32, dropout: 0 };
  const model = await CtrModel.fit(samples, { ...shared, backbone: 'din', hidden: [8] });
  const lists = rerankLists(samples, { length: 4 });
  const reranker = await Reranker.fit(lists, { ...shared, model: 'prm' });
  // The request's own rows, written into the log with the outcome turned round.
  const time = Math.max(...dataset.log.timestamp) + 1;
  const shown = (rating: number) =>
    InteractionLog.fromRows([
      ...Array.from(dataset.log.user, (user, row) => ({
        user: dataset.log.users.idOf(user),
        item: dataset.log.items.idOf(dataset.log.item[row] as number),
        timestamp: dataset.log.timestamp[row] as number,
        rating: dataset.log.rating?.[row] as number,
      })),
      ...[0, 1, 2, 3].map((item) => ({
        user: dataset.log.users.idOf(0),
        item: dataset.log.items.idOf(item),
        timestamp: time,
        rating: item === 0 ? rating : 5 - rating,
      })),
    ]);
  const scores = await Promise.all(
    [0, 5].map(async (rating) => {
      const asked = [{ user: 0, candidates: [0, 1, 2, 3], time }];
      const now = ctrSamples(shown(rating), { above: 3 });
      return [
        await model.predict(requestSamples(now, asked)),
        await reranker.score(requestLists(now, asked)),
      ];
    }),
  );
  expect(scores[0]).toEqual(scores[1]);
  expect(scores[0]?.[0]).toHaveLength(4);
});
