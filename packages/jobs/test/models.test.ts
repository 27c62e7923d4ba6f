import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type TextEncoder as Encoder,
  type GenerateOutcome,
  type GenerateRequest,
  type LanguageModel,
  PalateError,
} from '@palate/core';
import { generateByBatch } from '@palate/llm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compiledProgram } from '../../../scripts/compiled-program.js';
import { startServer, type TestServer } from '../../llm/test/server/start-server.js';
import {
  answerJob,
  BatchQueue,
  combinationsOf,
  encodeJob,
  encoderByJobs,
  type Job,
  LocalQueue,
  modelByJobs,
  runTrials,
} from '../src/index.js';

const ask = (content: string): GenerateRequest => ({ messages: [{ role: 'user', content }], maxTokens: 10 });

/** A model that notes what it was asked, and answers in capitals at 3 tokens each. */
function capitals(
  asked: string[],
  fails: (text: string) => PalateError | undefined = () => undefined,
): LanguageModel {
  return {
    id: 'test:capitals',
    generate: async (requests) =>
      requests.map(({ messages }) => {
        const text = messages.at(-1)?.content ?? '';
        asked.push(text);
        const error = fails(text);
        if (error) return { ok: false, error };
        return {
          ok: true,
          result: {
            text: text.toUpperCase(),
            usage: { inputTokens: 1, outputTokens: 2 },
            finishReason: 'stop',
            model: 'capitals',
          },
        };
      }),
  };
}

const textsOf = async (model: LanguageModel, texts: readonly string[]): Promise<string[]> =>
  (await model.generate(texts.map(ask))).map((outcome) =>
    outcome.ok ? outcome.result.text : outcome.error.code,
  );

describe('a language model by jobs', () => {
  test('asks each question once, within one budget, and tells failures one by one', async () => {
    const asked: string[] = [];
    const refusal = new PalateError('request-refused', { expected: 'x', received: 'y', hint: 'z' });
    const model = capitals(asked, (text) => (text === 'bad' ? refusal : undefined));
    const queue = new LocalQueue();
    const byJobs = modelByJobs(queue, answerJob(model), { model });
    expect(await textsOf(byJobs, ['a', 'bad', 'b', 'a'])).toEqual(['A', 'request-refused', 'B', 'A']);
    expect(await textsOf(byJobs, ['b', 'c'])).toEqual(['B', 'C']);
    expect(asked.sort()).toEqual(['a', 'b', 'bad', 'c']);
    expect(await queue.counts()).toMatchObject({
      done: 3,
      failed: { 'request-refused': { count: 1 } },
      spent: 9,
    });
    // 1 byte, 16 around it and 10 tokens of an answer are reserved for a question: 27; it costs 3.
    const poor = new LocalQueue({ budget: 30, concurrency: 1 });
    const limited = modelByJobs(poor, answerJob(model), { model });
    expect(await textsOf(limited, ['d', 'e', 'f'])).toEqual(['D', 'E', 'budget-exceeded']);
  });

  test('asks together what comes within a while', async () => {
    const asked: string[] = [];
    const model = capitals(asked);
    const runs: number[] = [];
    const queue = new LocalQueue();
    const counting = Object.assign(Object.create(queue) as LocalQueue, {
      run: (...given: Parameters<LocalQueue['run']>) => {
        runs.push(given[1].length);
        return queue.run(...given);
      },
    });
    const byJobs = modelByJobs(counting, answerJob(model) as never, { model, gather: 30 });
    expect(await Promise.all(['a', 'b', 'c'].map((text) => textsOf(byJobs, [text])))).toEqual([
      ['A'],
      ['B'],
      ['C'],
    ]);
    expect(runs).toEqual([3]);
    const stop = AbortSignal.abort();
    await expect(byJobs.generate([ask('d')], { signal: stop })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('a text encoder by jobs', () => {
  const encoded: string[] = [];
  const encoder: Encoder = {
    id: 'test:lengths',
    width: 2,
    encode: async (texts) => {
      encoded.push(...texts);
      if (texts.includes('poison') && encoded.filter((text) => text === 'poison').length === 1)
        throw new PalateError('refused', { expected: 'x', received: 'y', hint: 'z' });
      const angle = (text: string): number => text.length / 10;
      return {
        data: Float32Array.from(texts.flatMap((text) => [Math.cos(angle(text)), Math.sin(angle(text))])),
        width: 2,
        truncated: texts.filter((text) => text.length > 5).length,
      };
    },
  };

  test('gives the vectors of the encoder itself, and encodes again only what failed', async () => {
    const queue = new LocalQueue();
    const byJobs = encoderByJobs(queue, encodeJob(encoder), { encoder, batch: 3 });
    const texts = ['a', 'bb', 'ccc', 'poison', 'eeeee', 'ffffff', 'g'];
    await expect(byJobs.encode(texts)).rejects.toThrow(/texts 3 to 5/);
    const { data, truncated } = await byJobs.encode(texts);
    expect(encoded).toHaveLength(7 + 3);
    const direct = await encoder.encode(texts);
    expect(data).toEqual(direct.data);
    expect(truncated).toBe(direct.truncated);
    expect((await byJobs.encode([])).data).toEqual(new Float32Array(0));
  });
});

describe('batches that were stopped', () => {
  test('are not asked again where their jobs cannot be read', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'palate-batches-'));
    const asked: string[] = [];
    const queueThat = (answers: boolean) =>
      new BatchQueue({
        dir,
        answer: async (requests) => {
          asked.push(...requests.map(({ messages }) => messages[0]?.content ?? ''));
          if (!answers) throw new Error('stopped');
          return capitals([]).generate(requests);
        },
      });
    const job = answerJob(capitals([]));
    await expect(queueThat(false).run(job, [ask('a')])).rejects.toThrow('stopped');
    const [batch = ''] = await readdir(dir);
    const jobs = join(dir, batch, 'jobs.json');
    const text = await readFile(jobs, 'utf8');
    await rm(jobs);
    await mkdir(jobs);
    await expect(queueThat(true).run(job, [ask('a')])).rejects.toThrow(/EISDIR/);
    expect(asked).toEqual(['a']);
    await rm(jobs, { recursive: true });
    await writeFile(jobs, text);
    expect(await queueThat(true).run(job, [ask('a')])).toMatchObject([{ ok: true, value: { text: 'A' } }]);
    expect(asked).toEqual(['a', 'a']);
    await rm(dir, { recursive: true });
  });
});

describe('one folder of batches', () => {
  test('is paid once by two queues, and read again from the service where its results are damaged', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'palate-batches-'));
    let asked = 0;
    let answered: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => {
      answered = resolve;
    });
    // A service that counts tokens wrongly.
    const answer = async (requests: readonly GenerateRequest[]): Promise<GenerateOutcome[]> => {
      asked += requests.length;
      answered?.();
      await new Promise((resolve) => setTimeout(resolve, 900));
      return requests.map(() => ({
        ok: true,
        result: { text: 'x', finishReason: 'stop', model: 'm', usage: { inputTokens: -5, outputTokens: 1 } },
      }));
    };
    const job = answerJob(capitals([]));
    const [one, other] = [new BatchQueue({ dir, answer }), new BatchQueue({ dir, answer })];
    const running = one.run(job, [ask('a'), ask('b')]);
    await begun;
    await expect(other.run(job, [ask('a'), ask('b')])).rejects.toMatchObject({ code: 'store-locked' });
    expect((await running).every(({ ok }) => ok)).toBe(true);
    expect(await other.run(job, [ask('a'), ask('b')])).toEqual(await running);
    expect(asked).toBe(2);
    // What each may cost at most: 1 byte, 16 around it and 10 of an answer.
    expect((await other.counts()).spent).toBe(2 * (1 + 16 + 10));
    const [batch = ''] = (await readdir(dir)).filter((name) => name.startsWith('batch-'));
    const service: string[] = [];
    const again = async (damage: string, file: string) => {
      await writeFile(join(dir, batch, file), damage);
      return new BatchQueue({
        dir,
        answer: async (requests, { dir: folder }) => {
          service.push(folder);
          return answer(requests);
        },
      }).run(job, [ask('a')]);
    };
    for (const damage of ['[{"key":', '{"a":1}', '[{"key":"k","ok":true}]'])
      expect(await again(damage, 'results.json')).toMatchObject([{ ok: true }]);
    expect(new Set(service)).toEqual(new Set([join(dir, batch, 'service')]));
    await writeFile(join(dir, batch, 'results.json'), '');
    await expect(again('{"keys":["a"]}', 'jobs.json')).rejects.toMatchObject({ code: 'artifact' });
    await rm(dir, { recursive: true });
  });
});

describe('limits of a queue', () => {
  test('are numbers, or refused', () => {
    for (const limits of [
      { budget: Number.NaN },
      { budget: -1 },
      { callsPerSecond: 0 },
      { callsPerSecond: Number.NaN },
    ])
      expect(() => new LocalQueue(limits)).toThrow(/budget|callsPerSecond/);
    // What nobody reads would be a limit that does not hold.
    expect(() => new LocalQueue({ callsPerMinute: 3 } as never)).toThrow(/LocalQueue.*"callsPerMinute"/);
  });

  test('a caller whose progress throws stops the rest', async () => {
    let ran = 0;
    const queue = new LocalQueue({ concurrency: 2 });
    const job: Job<number, number> = { name: 'count', run: async (n) => ++ran * n };
    let told = 0;
    await expect(
      queue.run(
        job,
        Array.from({ length: 50 }, (_, k) => k),
        {
          onProgress: () => {
            if (told++ === 0) throw new Error('no progress');
          },
        },
      ),
    ).rejects.toThrow('no progress');
    expect(ran).toBeLessThan(6);
    expect(await queue.counts()).toMatchObject({ waiting: 0, running: 0, done: ran });
  });
});

describe('trials', () => {
  test('are ranked by their value, once each, with failures by cause', async () => {
    let runs = 0;
    const job: Job<Readonly<Record<string, number>>, { loss: number }> = {
      name: 'trial',
      run: async ({ a = 0, b = 0 }) => {
        runs++;
        if (a === 3) throw new PalateError('diverged', { expected: 'x', received: 'y', hint: 'z' });
        return { loss: (a - 2) ** 2 + b };
      },
    };
    const queue = new LocalQueue();
    const grid = combinationsOf({ a: [1, 2, 3], b: [0, 5] });
    expect(grid).toHaveLength(6);
    const { ranked, failed } = await runTrials(queue, job, grid, ({ loss }) => -loss);
    expect(ranked.map(({ input }) => input)).toEqual([
      { a: 2, b: 0 },
      { a: 1, b: 0 },
      { a: 2, b: 5 },
      { a: 1, b: 5 },
    ]);
    expect(failed).toMatchObject({ diverged: { count: 2 } });
    await runTrials(queue, job, grid.slice(0, 4), ({ loss }) => -loss);
    expect(runs).toBe(6);
    await expect(runTrials(queue, job, grid.slice(0, 1), () => Number.NaN)).rejects.toThrow(/NaN/);
  });
});

describe('jobs by the Batch API', () => {
  let server: TestServer;
  let dir: string;
  let before: number;
  const count = async (): Promise<number> =>
    ((await (await fetch(`${server.baseURL}/batches`)).json()) as { data: unknown[] }).data.length;
  const open = (): BatchQueue =>
    new BatchQueue({
      dir,
      answer: (requests, options) =>
        generateByBatch(requests, {
          ...options,
          model: 'tiny',
          baseURL: server.baseURL,
          apiKey: 'sk-batch',
          pollSeconds: 0,
        }),
    });
  const job = answerJob({ id: 'test:tiny', generate: async () => [] });
  const plain = (...texts: string[]): GenerateRequest[] =>
    texts.map((content) => ({ messages: [{ role: 'user', content }] }));

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'palate-batches-'));
    before = await count();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  test('asks all open questions of a run in one batch, keeps answers, and asks again what failed', async () => {
    const queue = open();
    const first = await queue.run(job, plain('a', 'FAIL b', 'c', 'a'));
    expect(first.map(({ ok }) => ok)).toEqual([true, false, true, true]);
    expect((await count()) - before).toBe(1);
    const later = open();
    const again = await later.run(job, plain('c', 'a'));
    expect(again).toEqual([first[2], first[0]]);
    expect((await count()) - before).toBe(1);
    await later.run(job, plain('FAIL b', 'd', 'a'));
    expect((await count()) - before).toBe(2);
    const counts = await later.counts();
    expect(counts).toMatchObject({ waiting: 0, running: 0, done: 3 });
    expect(Object.values(counts.failed).reduce((sum, each) => sum + each.count, 0)).toBe(1);
    expect(counts.spent).toBeGreaterThan(0);
    await expect(later.run({ name: 'other', run: async () => 1 }, [1])).rejects.toThrow(/RequestJob/);
  });

  test('goes on after kill -9 with the batch that was sent, whatever is asked then', async () => {
    const program = await compiledProgram(fileURLToPath(new URL('batching-child.ts', import.meta.url)));
    const child = spawn(process.execPath, [program, dir, server.baseURL], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await Promise.race([
      once(child.stdout, 'data'),
      ended.then(([code]) => Promise.reject(new Error(`the process ended with ${code}`))),
    ]);
    child.kill('SIGKILL');
    await ended;
    expect((await count()) - before).toBe(1);
    const results = await open().run(job, plain('b', 'd', 'c'));
    expect(results.every(({ ok }) => ok)).toBe(true);
    // The one that was sent, and one for the question that was not in it.
    expect((await count()) - before).toBe(2);
    expect((await open().run(job, plain('a'))).every(({ ok }) => ok)).toBe(true);
    expect((await count()) - before).toBe(2);
  });
});
