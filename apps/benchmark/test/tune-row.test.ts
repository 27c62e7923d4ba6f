import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, InteractionLog, RandomStream, withLog } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { ItemKnn } from '@palate/retrievers';
import { expect, it } from 'vitest';
import { readJson, type Tuning, tuningPath } from '../src/results.js';
import type { Suite } from '../src/suite.js';
import { tuneRow } from '../src/tune-row.js';

const random = new RandomStream(5);
const log = InteractionLog.fromRows(
  Array.from({ length: 900 }, (_, k) => ({
    user: `u${k % 60}`,
    item: `i${Math.min(random.integer(40), random.integer(40))}`,
    timestamp: k,
  })),
);
const split = leaveOneOut(log);
const dataset = withLog(
  createDataset({
    name: 'made up',
    log,
    catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
    licence: 'MIT',
    source: 'made up',
  }),
  split.train,
);
const GRID = { neighbours: [1, 5, 40], shrinkage: [0, 20] };
const suite: Suite = {
  name: 'tuned',
  title: 'Tuned',
  data: 'none',
  split: 'leave-one-out',
  metrics: ['ndcg@10'],
  selectBy: 'ndcg@10',
  seeds: [0],
  systems: [{ system: 'item-knn', tune: GRID }],
};

it('chooses options by the validation alone: a test part that must not be touched stays untouched', async () => {
  const { train, validation } = split;
  if (!validation) throw new Error('the split has a validation part');
  const poisoned = new Proxy(split, {
    get: (target, name) => {
      if (name === 'test' || name === 'known') throw new Error(`tuning read the ${name} part`);
      return Reflect.get(target, name);
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'palate-tune-'));
  const chosen = await tuneRow(
    suite,
    { system: 'item-knn', tune: GRID },
    { train: dataset, split: poisoned },
    ['basis'],
    { folder, say: () => {} },
  );
  // The same choice by hand.
  const values: { options: { neighbours: number; shrinkage: number }; value: number }[] = [];
  for (const neighbours of GRID.neighbours)
    for (const shrinkage of GRID.shrinkage) {
      const options = { neighbours, shrinkage };
      const { metrics } = await evaluateRanking(
        await ItemKnn.fit(dataset, options),
        { history: train, test: validation },
        { metrics: ['ndcg@10'], resamples: 0 },
      );
      values.push({ options, value: metrics['ndcg@10']?.mean ?? 0 });
    }
  const best = Math.max(...values.map(({ value }) => value));
  expect(new Set(values.map(({ value }) => value)).size).toBeGreaterThan(1);
  expect(values.find(({ options }) => JSON.stringify(options) === JSON.stringify(chosen))?.value).toBe(best);
  const tuning = await readJson<Tuning>(tuningPath(folder, 'item-knn'));
  expect(tuning?.tried).toEqual(values);
});
