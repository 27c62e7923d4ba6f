import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type GenerateRequest,
  type GenerateResult,
  InvalidInputError,
  type LanguageModel,
} from '@palate/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compiledProgram } from '../../../../scripts/compiled-program.js';
import { AnswerCache } from '../../src/middleware/answer-cache.js';
import { withCache } from '../../src/middleware/cache.js';
import { type OpenAIModelOptions, openaiModel } from '../../src/models/openai.js';
import { startServer, type TestServer } from '../server/start-server.js';

const PROGRAM = await compiledProgram(fileURLToPath(new URL('cache-process.ts', import.meta.url)));
const KEY = 'sk-cached-0815-do-not-tell';
let server: TestServer;
let folder: string;
let name: string;
let dir: string;
let count = 0;
beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), 'palate-cache-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  name = `cached-${++count}`;
  dir = join(folder, name);
});

const ask = (content: string, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  messages: [{ role: 'user', content }],
  ...more,
});
const live = (more: Partial<OpenAIModelOptions> = {}): ReturnType<typeof openaiModel> =>
  openaiModel({ model: name, baseURL: server.baseURL, apiKey: KEY, ...more });
const asked = async (): Promise<number> => (await server.control.seen(name)).requests.length;

/** A process that asks for forty answers through the cache of this test. */
function startProcess(): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [PROGRAM, server.baseURL, name, dir]);
}

async function withOpen<T>(work: (cache: AnswerCache) => Promise<T>): Promise<T> {
  const cache = await AnswerCache.open(dir);
  try {
    return await work(cache);
  } finally {
    await cache.close();
  }
}

describe('the cache', () => {
  test('answers again after it was closed and opened, whole and streamed, asking nothing', async () => {
    const requests = [ask('a'), ask('b'), ask('c')];
    const first = await withOpen((cache) => withCache(live(), { cache }).generate(requests));
    await withOpen(async (cache) => {
      const model = withCache(live(), { cache });
      expect(await model.generate(requests)).toEqual(first);
      const pieces: string[] = [];
      for await (const piece of model.stream(ask('b'))) pieces.push(piece);
      expect(pieces).toEqual(['answer to: b']);
      expect(cache.has(live(), ask('a'))).toBe(true);
      expect(cache.has(model, ask('z'))).toBe(false);
    });
    expect(await asked()).toBe(3);
  });

  test('asks anew when model, settings, parameters, schema or prompt version differ', async () => {
    const schema = { name: 's', jsonSchema: { type: 'object' } };
    await withOpen(async (cache) => {
      for (const more of [
        {},
        { temperature: 0 },
        { seed: 1 },
        { promptVersion: '2' },
        { schema },
        { maxTokens: 3 },
      ])
        for (let n = 0; n < 2; n++) await withCache(live(), { cache }).generate([ask('a', more)]);
      await withCache(live({ topLogProbabilities: 1 }), { cache }).generate([ask('a')]);
      await withCache(live({ provider: 'other' }), { cache }).generate([ask('a')]);
    });
    expect(await asked()).toBe(8);
  });

  test('keeps no failures', async () => {
    await server.control.script(name, [{ kind: 'status', status: 500 }, { kind: 'error-in-200' }]);
    await withOpen(async (cache) => {
      const model = withCache(live(), { cache });
      const oks: unknown[] = [];
      for (let n = 0; n < 4; n++) oks.push((await model.generate([ask('a')]))[0]?.ok);
      expect(oks).toEqual([false, false, true, true]);
    });
    expect(await asked()).toBe(3);
  });

  test('keeps no answers that are none: empty, cut, filtered or refused', async () => {
    const texts: [string, GenerateResult['finishReason']][] = [
      ['', 'stop'],
      ['It begins well and', 'length'],
      ['Half of', 'filter'],
      ["I'm sorry, but I can't help with that.", 'stop'],
      ['A good answer.', 'stop'],
    ];
    let calls = 0;
    const moody: LanguageModel = {
      id: 'test:moody',
      generate: async (requests) =>
        requests.map(() => {
          const [text, finishReason] = texts[Math.min(calls++, texts.length - 1)] as (typeof texts)[number];
          const usage = { inputTokens: 1, outputTokens: 1 };
          return { ok: true, result: { text, finishReason, usage, model: 'moody' } };
        }),
    };
    await withOpen(async (cache) => {
      const model = withCache(moody, { cache });
      for (const [k] of texts.entries()) {
        expect(cache.has(model, ask('a'))).toBe(false);
        expect(await model.generate([ask('a')])).toMatchObject([{ result: { text: texts[k]?.[0] } }]);
      }
      expect(cache.has(model, ask('a'))).toBe(true);
      await model.generate([ask('a')]);
    });
    expect(calls).toBe(texts.length);
  });

  test('is refused when it is damaged, and comes back from its ledger', async () => {
    const model = live();
    await withOpen((cache) => withCache(model, { cache }).generate([ask('a'), ask('b')]));
    const file = join(dir, 'data.mdb');
    const bytes = await readFile(file);
    // Earlier versions of its page lie in the file as well.
    for (let at = bytes.indexOf('answer to: b'); at >= 0; at = bytes.indexOf('answer to: b'))
      bytes[at] = 0x58;
    await writeFile(file, bytes);
    await expect(AnswerCache.open(dir)).rejects.toMatchObject({
      code: 'artifact',
      hint: expect.stringContaining('AnswerCache.restore'),
    });
    expect(await AnswerCache.restore(dir)).toMatchObject({ restored: 2, damagedLines: [] });
    await withOpen(async (cache) => {
      expect(await withCache(model, { cache }).generate([ask('b')])).toMatchObject([
        { result: { text: 'answer to: b' } },
      ]);
    });
    expect(await asked()).toBe(2);
  });

  test('makes equal requests in flight once; one that gives up does not take the other along', async () => {
    await server.control.script(name, [{ kind: 'answer', delayMs: 100 }], { stay: true });
    await withOpen(async (cache) => {
      const model = withCache(live(), { cache });
      const outcomes = await model.generate([ask('a'), ask('a'), ask('a')]);
      expect(outcomes.every((one) => one.ok)).toBe(true);
      expect(await asked()).toBe(1);
      const stop = new AbortController();
      const impatient = expect(model.generate([ask('b')], { signal: stop.signal })).rejects.toMatchObject({
        code: 'cancelled',
      });
      const patient = model.generate([ask('b')]);
      setTimeout(() => stop.abort(), 30);
      await impatient;
      expect((await patient)[0]?.ok).toBe(true);
    });
  });

  test('stores log-likelihoods', async () => {
    await withOpen(async (cache) => {
      const model = withCache(live({ likelihood: 'echo' }), { cache });
      const request = { prompt: 'a', continuation: ' b c' };
      const results = await model.logLikelihood?.([request]);
      expect(await model.logLikelihood?.([request])).toEqual(results);
    });
    expect(await asked()).toBe(1);
  });

  test('survives kills: every answer that was given is kept, none is asked twice', async () => {
    await server.control.script(name, [{ kind: 'answer', delayMs: 5 }], { stay: true });
    const given = new Set<string>();
    const run = (killAfter: number): Promise<number | null> =>
      new Promise((resolve) => {
        const child = startProcess();
        child.stdout.on('data', (chunk: Buffer) => {
          for (const line of chunk.toString().split('\n')) if (line) given.add(line);
          if (given.size >= killAfter) child.kill('SIGKILL');
        });
        child.on('close', (code) => resolve(code));
      });
    for (const killAfter of [9, 25]) {
      expect(await run(killAfter)).toBeNull();
      await withOpen(async (cache) => {
        for (const text of given) expect(cache.has(live(), ask(text.replace('answer to: ', '')))).toBe(true);
      });
    }
    expect(await run(Number.POSITIVE_INFINITY)).toBe(0);
    expect(given.size).toBe(40);
    // Beyond the forty only what was in flight, at most two a kill, was asked again.
    const { requests } = await server.control.seen(name);
    expect(requests.length).toBeLessThanOrEqual(40 + 2 * 2);
  });

  test('has three processes that share its folder pay for each answer once', async () => {
    await server.control.script(name, [{ kind: 'answer', delayMs: 40 }], { stay: true });
    const told = await Promise.all(
      [0, 1, 2].map(async () => {
        const child = startProcess();
        let lines = '';
        child.stdout.on('data', (chunk: Buffer) => {
          lines += chunk.toString();
        });
        expect(await once(child, 'close')).toEqual([0, null]);
        return lines.trim().split('\n').sort();
      }),
    );
    expect(await asked()).toBe(40);
    const all = Array.from({ length: 40 }, (_, k) => `answer to: q${k}`).sort();
    expect(told).toEqual([all, all, all]);
  });

  test('lets others ask once whoever had claimed an answer has failed, and cancels their waiting', async () => {
    let calls = 0;
    let fail = (): void => {};
    const failed = new Promise<void>((resolve) => {
      fail = resolve;
    });
    const usage = { inputTokens: 1, outputTokens: 1 };
    const model: LanguageModel = {
      id: 'test:moody',
      generate: async () => {
        if (++calls > 1)
          return [{ ok: true, result: { text: 'fine', finishReason: 'stop', usage, model: 'moody' } }];
        await failed;
        const error = new InvalidInputError({ expected: 'luck', received: 'none', hint: 'Ask again.' });
        return [{ ok: false, error }];
      },
    };
    const [one, two] = [await AnswerCache.open(dir), await AnswerCache.open(dir)];
    const failing = withCache(model, { cache: one }).generate([ask('a')]);
    while (calls === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const patient = withCache(model, { cache: two });
    await expect(patient.generate([ask('a')], { signal: AbortSignal.timeout(30) })).rejects.toMatchObject({
      code: 'cancelled',
    });
    const waiting = patient.generate([ask('a')]);
    expect(calls).toBe(1);
    fail();
    expect(await failing).toMatchObject([{ ok: false }]);
    expect(await waiting).toMatchObject([{ ok: true, result: { text: 'fine' } }]);
    expect(calls).toBe(2);
    await Promise.all([one.close(), two.close()]);
  });

  test.skipIf(process.platform === 'win32')(
    'hands answers on that it has no room for, counts them, and tells it once',
    async () => {
      const program = await compiledProgram(fileURLToPath(new URL('full-cache-process.ts', import.meta.url)));
      const command = [process.execPath, program, dir].map((each) => `'${each}'`).join(' ');
      // Blocks of 512 or of 1,024 bytes, as the shell has it.
      const output = execFileSync('sh', ['-c', `ulimit -f 1000; exec ${command}`], { encoding: 'utf8' });
      const told = JSON.parse(output) as Readonly<Record<string, unknown>> & { stored: number };
      expect(told).toMatchObject({
        answered: 60,
        notStored: { 'store-full': 60 - told.stored },
        askedAgain: 0,
        warnings: ['store-full'],
      });
      expect(told.stored).toBeGreaterThan(5);
      expect(told.stored).toBeLessThan(60);
    },
  );

  test('hands an answer on after it was closed', async () => {
    const cache = await AnswerCache.open(dir);
    const model = withCache(live(), { cache });
    await cache.keep('key', { text: 'kept' });
    expect(cache.get('key')).toEqual({ text: 'kept' });
    expect(cache.notStored).toEqual({});
    await cache.close();
    await cache.keep('other', { text: 'lost' });
    expect(cache.notStored).toEqual({ 'store-closed': 1 });
    // What cannot be looked up is no answer that was paid for.
    const [outcome] = await model.generate([ask('a')]);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'store-closed' } });
  });

  test('holds neither key nor prompt', async () => {
    await server.control.script(name, [{ kind: 'answer', text: 'an answer to find' }]);
    await withOpen((cache) => withCache(live(), { cache }).generate([ask('a very private wish')]));
    let all = '';
    for (const file of await readdir(dir)) all += await readFile(join(dir, file), 'latin1');
    expect(all).toContain('an answer to find');
    expect(all).not.toContain(KEY);
    expect(all).not.toContain('private');
  });

  test('a folder that is none is a clear error', async () => {
    await writeFile(dir, 'a file');
    await expect(AnswerCache.open(join(dir, 'below'))).rejects.toMatchObject({ code: 'artifact' });
  });
});
