import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine, type EngineOptions } from '../src/index.js';
import { shop } from './shop.js';

const LIGHT = { retrievers: [{ method: 'ease', settings: { lambda: 5 } }, { method: 'bm25' }] };

let root: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-engine-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const open = (options: Partial<EngineOptions> = {}): Promise<Engine> =>
  Engine.open({ dataset: shop(), folder: join(root, String(count++)), pipeline: LIGHT, ...options });

describe('an engine over any data', () => {
  test('recommends to a user, to a history and to a wish, each by what speaks for it', async () => {
    await using engine = await open();
    const user = await engine.recommend({ user: 'user-0', k: 3, explain: true });
    expect(user.items.map(({ id }) => id.split('-')[0])).toEqual(['tea', 'tea', 'tea']);
    expect(user.items[0]?.from[0]?.method).toBe('ease');
    expect(user.items.every(({ reason }) => reason && reason.length > 10)).toBe(true);
    const history = await engine.recommend({ history: ['tool-1', 'tool-2'], k: 3 });
    expect(history.items.map(({ id }) => id.split('-')[0])).toEqual(['tool', 'tool', 'tool']);
    const wish = await engine.recommend({ text: 'a wooden puzzle for my child', k: 3 });
    expect(wish.items.map(({ id }) => id.split('-')[0])).toEqual(['toy', 'toy', 'toy']);
    expect(wish.items[0]?.from.map(({ method }) => method)).toEqual(['bm25']);
  });
});
