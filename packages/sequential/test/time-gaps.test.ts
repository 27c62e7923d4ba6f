// Gaps of time: what they are, that a model learns from them where they decide, and that times of the future are refused.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  InteractionLog,
  type OutcomeCounts,
  type Query,
  RandomStream,
} from '@palate/core';
import { describe, expect, test } from 'vitest';
import { SasRec } from '../src/index.js';
import { gapBuckets } from '../src/time-gaps.js';

const ITEMS = 10;
const [MINUTE, DAY] = [60, 86_400];

/** After a minute a user goes on by one item, after a day by three: what comes next is a matter of the gap before. */
function walks(users: number, seed: number): { items: number[]; times: number[]; next: number }[] {
  const random = new RandomStream(seed);
  return Array.from({ length: users }, () => {
    const items = [random.integer(ITEMS)];
    const times = [1.6e9 + random.integer(1e6)];
    let gap = 0;
    for (let k = 0; k < 8; k++) {
      items.push(((items.at(-1) ?? 0) + (gap === DAY ? 3 : 1)) % ITEMS);
      gap = random.uniform() < 0.5 ? MINUTE : DAY;
      times.push((times.at(-1) ?? 0) + gap);
    }
    return { items, times, next: ((items.at(-1) ?? 0) + (gap === DAY ? 3 : 1)) % ITEMS };
  });
}

function datasetOf(timeUnit?: 'position'): Dataset {
  const rows = walks(80, 1).flatMap(({ items, times }, user) =>
    items.map((item, k) => ({ user: `u${user}`, item: `i${item}`, timestamp: times[k] ?? 0 })),
  );
  const log = InteractionLog.fromRows(rows);
  return createDataset({
    name: 'walks',
    log: timeUnit ? new InteractionLog({ ...log, timeUnit }) : log,
    catalog: new Catalog({ items: log.items, text: {} }),
    licence: 'MIT',
    source: 'made up',
  });
}

test('gaps are known by the doublings of their seconds', () => {
  const hour = 3600;
  const times = [10, 10, 11, 13, 13 + hour, Number.NaN, 2 * hour, 2e10];
  expect([...gapBuckets(times)]).toEqual([0, 1, 2, 3, 13, 0, 0, 31]);
});

describe('SASRec with gaps of time', () => {
  const options = {
    dimension: 16,
    blocks: 1,
    maxLength: 8,
    batchSize: 32,
    dropout: 0,
    epochs: 25,
    learningRate: 0.01,
    packs: true,
    timeGaps: true,
  } as const;

  test('tells by the last gap what comes next, alone and in a batch, before and after it was saved', async () => {
    const dataset = datasetOf();
    using model = await SasRec.fit(dataset, options);
    const at = (item: number): number => dataset.log.items.indexOf(`i${item}`);
    const asked = walks(64, 2);
    const queries: Query[] = asked.map(({ items, times }) => ({
      history: items.map(at),
      historyTimestamps: times,
      timestamp: (times.at(-1) ?? 0) + 1,
    }));
    const lists = await model.retrieve(queries, 1, { includeHistory: true });
    const hits = lists.filter(([first], q) => first?.item === at(asked[q]?.next ?? 0));
    expect(hits.length / 64).toBeGreaterThan(0.9);

    const folder = await mkdtemp(join(tmpdir(), 'palate-gaps-'));
    try {
      await model.save(join(folder, 'model'));
      using again = await SasRec.load(join(folder, 'model'));
      // Few queries go through a graph that holds its weights.
      const few = await again.retrieve(queries.slice(0, 3), 4, { includeHistory: true });
      for (const [q, list] of few.entries()) {
        expect(list[0]?.item).toBe(lists[q]?.[0]?.item);
        expect(list[0]?.score).toBeCloseTo(lists[q]?.[0]?.score ?? 0, 3);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }

    // A history without times is answered, and counted.
    const told: OutcomeCounts[] = [];
    await model.retrieve([{ history: [1, 2] }, { history: [] }], 2, {
      onOutcomes: (counts) => told.push(counts),
    });
    expect(told.flatMap(({ causes }) => Object.entries(causes))).toContainEqual([
      'no times of the history: gaps not known',
      1,
    ]);

    const refused = (query: Query, message: string): Promise<void> =>
      expect(model.scoreAll([query])).rejects.toThrow(message);
    await refused({ history: [1, 2], historyTimestamps: [5] }, 'a time for each of the 2 items');
    await refused({ history: [1, 2], historyTimestamps: [5, 4] }, 'in ascending order');
    await refused(
      { history: [1, 2], historyTimestamps: [5, 9], timestamp: 8 },
      'up to the time of the request',
    );
  });

  test('is refused where the data says in what order things were had, not when', async () => {
    await expect(SasRec.fit(datasetOf('position'), options)).rejects.toThrow('times in seconds');
  });
});
