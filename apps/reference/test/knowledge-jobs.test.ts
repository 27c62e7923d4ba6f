import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineEncoder } from '@palate/engine';
import { LocalQueue } from '@palate/jobs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRedis, startRedis } from '../../../packages/jobs/test/redis-server.js';
import { encoderOnWorkers } from '../src/jobs/encode-texts.js';
import { chatServer } from './chat-server.js';
import { ENVIRONMENT, PALATE, palate } from './cli.js';
import { importShop } from './shop.js';

const found = await findRedis();
const why = 'missing' in found ? `: ${found.missing}` : '';

let folder: string;
let data: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-knowledge-jobs-'));
  data = ['--data', await importShop(folder)];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf('missing' in found)(`texts that workers ask for${why}`, () => {
  test('are asked for once; what failed is asked again; a worker with another model does not answer', async () => {
    const redis = await startRedis('bin' in found ? found.bin : '');
    let refused = '';
    await using server = await chatServer((prompt, nth) => {
      if (nth === 3) refused = prompt;
      return nth === 3 ? '' : 'calm, warm, daily';
    });
    let worker: ChildProcess | undefined;
    const run = async (env = server.env) => {
      const words = ['knowledge', 'run', ...data, '--kinds', 'tag', '--limit', '9', '--max-tokens', '90000'];
      const { code, stdout } = await palate([...words, '--json', '--queue', redis.url], env);
      return { code, ...JSON.parse(stdout) };
    };
    try {
      worker = spawn(process.execPath, [PALATE, 'worker', '--queue', redis.url, '--concurrency', '3'], {
        env: { ...ENVIRONMENT, ...server.env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => worker?.stdout?.once('data', resolve));
      const first = await run();
      expect(first).toMatchObject({ code: 0, stored: 8, failures: [{ count: 1 }] });
      expect(new Set(server.prompts).size).toBe(9);
      const asked = server.prompts.length;
      const second = await run();
      expect(second).toMatchObject({ stored: 1, failures: [] });
      expect(second.spent.inputTokens).toBeGreaterThan(first.spent.inputTokens);
      expect(server.prompts.slice(asked)).toEqual([refused]);
      const other = await run({ ...server.env, PALATE_LLM: 'openai:other-model' });
      expect(other).toMatchObject({ code: 1, stored: 0 });
      expect(other.failures[0].example).toMatch(/answer-openai-test-model.*answer-openai-other-model/);
      expect(server.prompts).toHaveLength(asked + 1);
    } finally {
      worker?.kill('SIGKILL');
      await redis.stop();
    }
  });
});

test('texts that workers encode have the vectors of the engine’s own encoder', async () => {
  const encoder = encoderOnWorkers(new LocalQueue(), 'quick');
  const own = await engineEncoder('quick').get();
  expect(encoder.width).toBe(own.width);
  const texts = ['Green tea of the first harvest.', 'A teapot of stoneware.', ''];
  expect((await encoder.encode(texts)).data).toEqual((await own.encode(texts)).data);
});
