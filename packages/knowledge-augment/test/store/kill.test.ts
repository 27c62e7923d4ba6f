import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RandomStream } from '@palate/core';
import { expect, it } from 'vitest';
import { compiledProgram } from '../../../../scripts/compiled-program.js';
import { openKnowledgeStore } from '../../src/index.js';

const COUNT = 400;
const KILLS = 20;
const CONCURRENCY = 3;
const worker = await compiledProgram(fileURLToPath(new URL('knowledge-worker.ts', import.meta.url)));

it('keeps every stored answer through twenty kills and asks for none of them again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'palate-kill-'));
  const { NODE_PATH: _, ...env } = process.env;
  const lines = (): string[] => {
    try {
      return readFileSync(join(folder, 'asked.log'), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  };
  const run = () =>
    spawn(process.execPath, [worker, folder, String(COUNT)], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const random = new RandomStream(11);
  let killed = 0;
  while (killed < KILLS) {
    const before = lines().length;
    const child = run();
    const ended = once(child, 'exit');
    // Some way into the work, at a moment that nobody chose: after a random number of notes and a random wait.
    const notes = before + 1 + random.integer(30);
    while (child.exitCode === null && lines().length < notes)
      await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, random.integer(8)));
    child.kill('SIGKILL');
    await ended;
    killed++;
  }
  const last = run();
  await once(last, 'exit');
  const log = lines();
  expect(log.at(-1)).toBe('finished');

  const stored = new Set<string>();
  for (const line of log) {
    const [what = '', entity = ''] = line.split(' ');
    if (what === 'asked') expect(stored.has(entity), `${entity} was asked for again`).toBe(false);
    if (what === 'stored') stored.add(entity);
  }
  const asked = log.filter((line) => line.startsWith('asked')).length;
  // A kill loses what was in flight, and nothing else.
  expect(asked).toBeLessThanOrEqual(COUNT + KILLS * CONCURRENCY);
  const store = openKnowledgeStore(join(folder, 'store'));
  const kept = new Map<string, string>();
  for await (const { entity, text } of store.list({ entityType: 'item' })) kept.set(entity, text);
  await store.close();
  expect(kept.size).toBe(COUNT);
  for (const [entity, text] of kept) expect(text).toBe(`about ${entity}`);
});
