import { withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { kCore } from '@palate/datasets';
import { expect, test } from 'vitest';
import { Ease, plainCompute } from '../../src/index.js';

test('EASE on real data has the same weights, native and plain', async () => {
  const films = await loadBundledMovieTweetings();
  const data = withLog(films, kCore(films.log, { users: 10, items: 10 }));
  expect(data.log.items.size).toBeGreaterThan(256);
  const [native, plain] = [await Ease.fit(data), await Ease.fit(data, { compute: plainCompute })];
  const queries = Array.from({ length: 50 }, (_, user) => ({ history: data.log.history(user) }));
  const [ours, theirs] = [await native.scoreAll(queries), await plain.scoreAll(queries)];
  let largest = 0;
  for (const [k, score] of ours.entries())
    largest = Math.max(largest, Math.abs(score - (theirs[k] ?? Number.NaN)));
  expect(largest).toBeLessThan(1e-6);
});
