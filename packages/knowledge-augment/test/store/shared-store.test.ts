import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InvalidInputError, type LanguageModel } from '@palate/core';
import { describe, expect, it } from 'vitest';
import { compiledProgram } from '../../../../scripts/compiled-program.js';
import { generateKnowledge, openKnowledgeStore, type PromptTemplate } from '../../src/index.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'palate-shared-'));
const worker = await compiledProgram(fileURLToPath(new URL('knowledge-worker.ts', import.meta.url)));
const { NODE_PATH: _, ...env } = process.env;

function start(dir: string, count: number, ...waitsFor: string[]): ChildProcess {
  return spawn(process.execPath, [worker, dir, String(count), ...waitsFor], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
const linesOf = (dir: string): string[] => {
  try {
    return readFileSync(join(dir, 'asked.log'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};
const askedIn = (dir: string): string[] => linesOf(dir).filter((line) => line.startsWith('asked'));

describe('jobs that share a store', () => {
  it('ask for each entity once, all together', async () => {
    const dir = folder();
    const go = join(dir, 'go');
    const ends = [start(dir, 150, go), start(dir, 150, go)].map((child) => once(child, 'exit'));
    while (readdirSync(dir).filter((name) => name.startsWith('ready')).length < 2) await setTimeout(5);
    writeFileSync(go, '');
    for (const [code] of await Promise.all(ends)) expect(code).toBe(0);
    const asked = askedIn(dir);
    expect(asked).toHaveLength(150);
    expect(new Set(asked).size).toBe(150);
    const store = openKnowledgeStore(join(dir, 'store'));
    let entries = 0;
    for await (const { entity, text } of store.list()) {
      expect(text).toBe(`about ${entity}`);
      entries++;
    }
    await store.close();
    expect(entries).toBe(150);
  });

  it('take over what a killed one had claimed', async () => {
    const dir = folder();
    const first = start(dir, 120);
    const firstEnds = once(first, 'exit');
    while (askedIn(dir).length < 20) await setTimeout(2);
    const second = start(dir, 120);
    const secondEnds = once(second, 'exit');
    first.kill('SIGKILL');
    await firstEnds;
    expect(await secondEnds).toEqual([0, null]);
    // Each worker has three requests in flight: they alone may be asked for twice.
    expect(askedIn(dir).length).toBeLessThanOrEqual(120 + 3);
    expect(linesOf(dir).filter((line) => line.startsWith('stored')).length).toBeGreaterThanOrEqual(120 - 3);
  });
});

describe('a job that fails', () => {
  const inputs = Array.from({ length: 60 }, (_each, k) => ({ entity: `film-${k}`, input: `film-${k}` }));
  const template: PromptTemplate<string> = {
    kind: 'infer',
    entityType: 'item',
    version: '1',
    messages: (title) => [{ role: 'user', content: title }],
  };
  function slowModel(asked: string[], isGood = true): LanguageModel {
    return {
      id: 'test:slow',
      generate: async ([request]) => {
        const title = request?.messages[0]?.content ?? '';
        asked.push(title);
        await setTimeout(3 + (asked.length % 4));
        return isGood
          ? [
              {
                ok: true,
                result: {
                  text: `A text about ${title}.`,
                  usage: { inputTokens: 1, outputTokens: 1 },
                  finishReason: 'stop',
                  model: 'slow',
                },
              },
            ]
          : [{ ok: false, error: new InvalidInputError({ expected: 'x', received: 'y', hint: 'z' }) }];
      },
    };
  }

  it('because its clean throws has stopped asking when it rejects, and keeps what was paid for', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    const failures = join(folder(), 'failures.jsonl');
    const asked: string[] = [];
    let cleaned = 0;
    const job = generateKnowledge({
      store,
      model: slowModel(asked),
      template: {
        ...template,
        clean: (text) => {
          if (++cleaned === 7) throw new TypeError('a mistake in clean');
          return { text };
        },
      },
      inputs,
      failures,
    });
    await expect(job).rejects.toThrow('a mistake in clean');
    const atRejection = asked.length;
    expect(atRejection).toBeLessThanOrEqual(7 + 4);
    await setTimeout(60);
    expect(asked).toHaveLength(atRejection);
    const stored = new Set<string>();
    for await (const { entity } of store.list()) stored.add(entity);
    const kept = JSON.parse(readFileSync(failures, 'utf8').trim()) as {
      key: { entity: string };
      answer: string;
    };
    expect(kept.answer).toBe(`A text about ${kept.key.entity}.`);
    // Every answer is either stored or in the ledger.
    expect([...stored, kept.key.entity].sort()).toEqual([...asked].sort());
    // Nothing is left claimed.
    const rest = await generateKnowledge({ store, model: slowModel(asked), template, inputs });
    expect(rest).toMatchObject({ known: atRejection - 1, stored: 60 - atRejection + 1 });
    await store.close();
  });

  it('because its ledger cannot be written has stopped asking when it rejects, with a typed error', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    const file = join(folder(), 'a-file');
    writeFileSync(file, 'not a folder');
    const asked: string[] = [];
    const job = generateKnowledge({
      store,
      model: slowModel(asked, false),
      template,
      inputs,
      failures: join(file, 'failures.jsonl'),
    });
    await expect(job).rejects.toMatchObject({ code: 'store-failed' });
    const atRejection = asked.length;
    expect(atRejection).toBeLessThanOrEqual(8);
    await setTimeout(60);
    expect(asked).toHaveLength(atRejection);
    await store.close();
  });
});
