// A search that proves its list finds what scoring every item finds; one that does not says what it may have missed.
import type { ScoredItem } from '@palate/core';
import { describe, expect, it } from 'vitest';
import { type SearchProof, Tiger } from '../src/index.js';
import { idsOf, ring, TINY } from './ring.js';

const K = 3;

describe.each(Object.entries(TINY))('TIGER, %s', (_, options) => {
  it('proves its lists where it is asked to, and tells how far the others are certain', async () => {
    const dataset = ring(60, 60, 6, 12);
    // So few beams that the best items are often lost on the way.
    using tiger = await Tiger.fit(dataset, { ...options, ids: await idsOf(dataset, 6), beams: 1, epochs: 4 });
    const queries = Array.from({ length: 24 }, (_, k) => ({ history: [k, (k * 7 + 3) % 60] }));
    // As long as the catalogue: every item is scored.
    const all = await tiger.retrieve(queries, tiger.items.size);
    const best = all.map((list) => list.filter(({ item }) => item < 60).slice(0, K));
    const items = (list: readonly ScoredItem[] = []): number[] => list.map(({ item }) => item);

    let proofs: readonly SearchProof[] = [];
    const onProofs = (told: readonly SearchProof[]): void => {
      proofs = told;
    };
    const beams = await tiger.retrieve(queries, K, { onProofs });
    const wrong = beams.filter((list, q) => items(list).join() !== items(best[q]).join());
    expect(wrong.length).toBeGreaterThan(0);
    for (const [q, list] of beams.entries()) {
      const { proven, gap, width } = proofs[q] as SearchProof;
      expect(width).toBe(2 * K);
      expect(items(list).slice(0, proven)).toEqual(items(best[q]).slice(0, proven));
      for (const { item, score } of best[q] ?? [])
        if (!items(list).includes(item)) expect(Math.exp(score)).toBeLessThanOrEqual(gap);
    }

    const exact = await tiger.retrieve(queries, K, { exact: true, onProofs });
    expect(exact.map(items)).toEqual(best.map(items));
    expect(proofs.every(({ proven }) => proven === K)).toBe(true);
    // It does not score the whole catalogue for that.
    expect(Math.min(...proofs.map(({ width }) => width))).toBeLessThan(60);

    // Items without interactions have beams of their own, which are proved as well.
    const mixed = await tiger.retrieve(queries, 4, { exact: true, epsilon: 0.5 });
    for (const [q, list] of mixed.entries()) {
      const cold = (all[q] ?? []).filter(({ item }) => item >= 60).slice(0, 2);
      expect(items(list).filter((item) => item >= 60)).toEqual(items(cold));
    }
    await expect(tiger.retrieve(queries, K, { exact: true, temperature: 1 })).rejects.toThrow(
      'exact and onProofs without a temperature',
    );
  });
});
