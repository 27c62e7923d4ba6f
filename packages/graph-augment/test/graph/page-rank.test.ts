import { InteractionLog, RandomStream } from '@palate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bipartiteGraph, forwardPush, importantNeighbours, powerIteration } from '../../src/index.js';

const randomLog = (seed: number, users = 12, items = 15): InteractionLog => {
  const random = new RandomStream(seed);
  return InteractionLog.fromRows(
    Array.from({ length: 60 }, (_, k) => ({
      user: `u${random.integer(users)}`,
      item: `i${random.integer(items)}`,
      timestamp: k,
    })),
  );
};

describe('personalised PageRank', () => {
  it('is what can be computed by hand on a path of three nodes', () => {
    // One user who met two items: i0 - u - i1. Mass m solves m = a e + (1 - a) m P with a = 0.15 from i0.
    const graph = bipartiteGraph(
      InteractionLog.fromRows([
        { user: 'u', item: 'i0' },
        { user: 'u', item: 'i1' },
      ]),
    );
    const a = 0.15;
    const b = 1 - a;
    // m_u = b (m_0 + m_1), m_1 = b m_u / 2, m_0 = a + b m_u / 2.
    const user = (b * a) / (1 - b * b);
    const mass = powerIteration(graph, 0, 400);
    expect(mass[2]).toBeCloseTo(user, 9);
    expect(mass[1]).toBeCloseTo((b * user) / 2, 9);
    expect(mass[0]).toBeCloseTo(a + (b * user) / 2, 9);
  });

  it('keeps all mass, and comes as close to power iteration as the tolerance says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.constantFrom(1e-3, 1e-5, 1e-7), (seed, tolerance) => {
        const graph = bipartiteGraph(randomLog(seed));
        const source = seed % graph.nodes;
        const { mass, residual } = forwardPush(graph, source, { tolerance });
        const total = [...mass, ...residual].reduce((sum, value) => sum + value, 0);
        expect(total).toBeCloseTo(1, 9);
        const exact = powerIteration(graph, source, 300);
        for (let node = 0; node < graph.nodes; node++) {
          const degree = (graph.offsets[node + 1] as number) - (graph.offsets[node] as number);
          expect(mass[node] as number).toBeLessThanOrEqual((exact[node] as number) + 1e-9);
          expect((exact[node] as number) - (mass[node] as number)).toBeLessThanOrEqual(
            tolerance * degree * graph.nodes + 1e-9,
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a node that does not exist', () => {
    expect(() => forwardPush(bipartiteGraph(randomLog(1)), 999)).toThrow(/node/);
  });
});

describe('importantNeighbours', () => {
  it('are what the same people meet, never the item itself', async () => {
    const rows = [];
    for (let user = 0; user < 20; user++)
      for (let k = 0; k < 4; k++) rows.push({ user: `u${user}`, item: `${user % 2 === 0 ? 'a' : 'b'}${k}` });
    const log = InteractionLog.fromRows(rows);
    const neighbours = await importantNeighbours(log, { count: 3 });
    for (const [item, own] of neighbours.entries()) {
      const side = log.items.idOf(item)[0];
      expect(own).toHaveLength(3);
      expect(own).not.toContain(item);
      expect(own.every((other) => log.items.idOf(other)[0] === side)).toBe(true);
    }
  });

  it('are those that the exact PageRank of each item ranks highest', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const log = randomLog(seed);
      const graph = bipartiteGraph(log);
      const items = log.items.size;
      const neighbours = await importantNeighbours(log, {
        count: 4,
        least: 2,
        tolerance: 1e-12,
        correctPopularity: false,
      });
      expect(neighbours).toHaveLength(items);
      const counts = log.itemCounts();
      for (const [item, own] of neighbours.entries()) {
        const exact = powerIteration(graph, item, 400);
        const others = [...Array(items).keys()].filter(
          (other) => other !== item && (counts[other] as number) >= 2,
        );
        const best = others.map((other) => exact[other] as number).sort((a, b) => b - a);
        expect(own).toHaveLength(4);
        for (const [rank, other] of own.entries())
          expect(exact[other] as number).toBeCloseTo(best[rank] as number, 9);
      }
    }
  });

  it('let others have their turn, tell how far they are, and end when they are told to', async () => {
    const log = randomLog(3, 30, 40);
    const done: number[] = [];
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    await importantNeighbours(log, { onProgress: (progress) => done.push(progress.done) });
    counting = false;
    expect(done.at(-1)).toBe(log.items.size);
    expect(done.length).toBeGreaterThan(1);
    expect(turns).toBeGreaterThan(1);
    const stop = new AbortController();
    const work = importantNeighbours(log, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  });
});
