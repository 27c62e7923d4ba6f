import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InteractionLog } from '@palate/core';
import { describe, expect, test } from 'vitest';
import { GraphWalk } from '../src/engine/graph-walk.js';
import { Engine } from '../src/index.js';
import { shop } from './shop.js';

/** A chain: each user chose two items that stand next to each other. */
const chain = InteractionLog.fromRows(
  ['ab', 'bc', 'cd', 'de'].flatMap((pair, user) =>
    [...pair].map((item, k) => ({ user: `u${user}`, item, timestamp: k })),
  ),
);

describe('walks in the graph', () => {
  test('come by near items first, and by those that nobody chose together with the first', async () => {
    const walk = new GraphWalk(chain);
    const found = await walk.neighbours(chain.items.indexOf('a'));
    expect(found.map(({ item }) => chain.items.idOf(item))).toEqual(['b', 'c', 'd', 'e']);
  });

  test('reach what the exact solution of the walk says, within the tolerance', async () => {
    // Items a, b and users 0, 1: user 0 chose both, user 1 chose b. With restart r = .15 the stationary masses solve
    // p = r e_a + (1 - r) P p by hand: p_0 = (1-r)(p_a + p_b / 2), p_1 = (1-r) p_b / 2, p_b = (1-r)(p_0 / 2 + p_1).
    const log = InteractionLog.fromRows([
      { user: '0', item: 'a', timestamp: 0 },
      { user: '0', item: 'b', timestamp: 1 },
      { user: '1', item: 'b', timestamp: 0 },
    ]);
    const s = 0.85;
    // With x = p_a, y = p_b: y = s (s (x + y / 2) / 2 + s y / 2), so y (1 - 3 s^2 / 4) = s^2 x / 2; x = .15 + s^2 (x + y / 2) / 2.
    const ratio = (s * s) / 2 / (1 - (3 * s * s) / 4);
    const x = 0.15 / (1 - (s * s) / 2 - ((s * s) / 4) * ratio);
    const [b] = await new GraphWalk(log).neighbours(log.items.indexOf('a'));
    // Popularity of b is 2, the item in the middle (of two, the upper) has 2.
    expect(b?.score).toBeCloseTo((x * ratio) / (2 + 2 * 2), 4);
  });

  test('begin nowhere where nobody chose the item', async () => {
    const dataset = shop();
    const folder = await mkdtemp(join(tmpdir(), 'palate-walk-'));
    await using engine = await Engine.open({ dataset, folder });
    await engine.addItems([{ id: 'lonely', text: { title: 'Lonely', description: 'alone' } }]);
    const none = await engine.similar({ item: 'lonely', by: 'graph' });
    expect(none.items).toEqual([]);
    expect(none.sources.candidates).toContain('nobody chose it');
    const near = await engine.similar({ item: 'tea-0', by: 'graph', k: 3, exclude: ['tea-1'] });
    expect(near.items).toHaveLength(3);
    expect(near.items.map(({ id }) => id.split('-')[0])).toEqual(['tea', 'tea', 'tea']);
    expect(near.items.map(({ id }) => id)).not.toContain('tea-1');
    await rm(folder, { recursive: true, force: true });
  });
});
