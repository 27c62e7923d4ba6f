import { Catalog, createDataset, InteractionLog, RandomStream } from '@palate/core';
import { auc } from '@palate/eval';
import { batchTensors, selectBackend } from '@palate/nn';
import { beforeAll, describe, expect, it } from 'vitest';
import { ctrBatch } from '../../src/ctr/ctr-batch.js';
import { CtrModel, ctrSamples, encodeFeatures, splitByUsers } from '../../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

/** Slates of two items, one of which is clicked: which one, a coin decides. */
function coinToss(withRequests: boolean): InteractionLog {
  const random = new RandomStream(11);
  const users = 150;
  const slates = 8;
  const rows = [];
  const request: number[] = [];
  for (let user = 0; user < users; user++)
    for (let slate = 0; slate < slates; slate++) {
      const clicked = random.integer(2);
      for (const at of [0, 1]) {
        rows.push({
          user: `u${user}`,
          item: `i${(2 * slate + at) % 16}`,
          // A request may log its rows one after the other.
          timestamp: 100 * slate + (withRequests ? at : 0),
          rating: at === clicked ? 1 : 0,
        });
        request.push(user * slates + slate);
      }
    }
  const log = InteractionLog.fromRows(rows);
  return withRequests ? new InteractionLog({ ...columnsOf(log), request: Int32Array.from(request) }) : log;
}

function columnsOf({ users, items, user, item, timestamp, rating }: InteractionLog) {
  return { users, items, user, item, timestamp, ...(rating ? { rating } : {}) };
}

for (const withRequests of [false, true])
  describe(`a slate ${withRequests ? 'of one request' : 'at one time'} whose click is a coin toss`, () => {
    const log = coinToss(withRequests);
    const samples = ctrSamples(log, { above: 0.5 });

    it('has no history in itself', () => {
      // The first slate has none at all, so that it makes no samples.
      expect(samples.user.length).toBe(log.length - 2 * log.users.size);
      const batch = batchTensors(
        ctrBatch(samples, Int32Array.from(samples.user.keys()), samples.user.length, 16),
      );
      const present = batch.present?.arraySync() as number[][];
      for (const [at, row] of present.entries()) {
        const slate = Math.floor((samples.position[at] as number) / 2);
        expect(row.reduce((sum, value) => sum + value, 0)).toBe(2 * slate);
      }
    });

    it('cannot be predicted', async () => {
      const dataset = createDataset({
        name: 'coins',
        log,
        catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
        licence: 'MIT',
        source: 'made up',
      });
      const split = splitByUsers(samples, 1);
      const seen = { users: new Uint8Array(log.users.size), items: new Uint8Array(log.items.size).fill(1) };
      const model = await CtrModel.fit(split.train, {
        backbone: 'din',
        features: encodeFeatures(dataset, [{ name: 'id', of: 'item', kind: 'categorical' }], seen),
        dimension: 8,
        hidden: [16],
        historyLength: 4,
        batchSize: 64,
        epochs: 8,
        learningRate: 0.01,
        dropout: 0,
      });
      // A model that sees the first label of a slate knows the second, which alone gives .75.
      const found = auc(await model.predict(split.test), split.test.label);
      expect(found).toBeGreaterThan(0.4);
      expect(found).toBeLessThan(0.6);
    });
  });
