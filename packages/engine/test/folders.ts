import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { Engine, type EngineOptions, type PipelineConfig } from '../src/index.js';
import { shop } from './shop.js';

/** EASE for histories, BM25 for words: fitted in milliseconds. */
export const LIGHT: PipelineConfig = {
  retrievers: [{ method: 'ease', settings: { lambda: 5 } }, { method: 'bm25' }],
};

/** Engines over a small shop, each in a folder of its own, which is taken away after the tests of the file. */
export function engines(): {
  readonly folder: (name: string) => string;
  readonly open: (options?: Partial<EngineOptions>) => Promise<Engine>;
} {
  let root = '';
  let count = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'palate-engine-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  const folder = (name: string): string => join(root, name);
  return {
    folder,
    open: (options = {}) =>
      Engine.open({ dataset: shop(), folder: folder(`own-${count++}`), pipeline: LIGHT, ...options }),
  };
}
