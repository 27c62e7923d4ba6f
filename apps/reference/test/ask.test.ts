import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatServer } from './chat-server.js';
import { ENVIRONMENT, PALATE, palate } from './cli.js';
import { importShop } from './shop.js';

let folder: string;
let shop: string;
/** The cache folder of the user, in which nothing of the real one is seen. */
let env: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-ask-'));
  shop = await importShop(folder);
  env = { XDG_CACHE_HOME: join(folder, 'cache') };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ask = async (...args: string[]) => {
  const run = await palate([...args, '--data', shop, '--json'], env);
  return JSON.parse(run.stdout);
};

test('recommends from own data within filters, and keeps its models in the cache folder of the user', async () => {
  const before = await readdir('.');
  const answer = await ask(
    'recommend',
    '--user',
    'C109',
    '--k',
    '4',
    '--filter',
    'category=Tea|Sweets',
    '--filter',
    'price<=10',
  );
  expect(answer.items).toHaveLength(4);
  const taken = new Set(answer.history.map(({ id }: { id: string }) => id));
  for (const { id, attributes } of answer.items) {
    expect(taken.has(id)).toBe(false);
    expect(['Tea', 'Sweets']).toContain(attributes.category);
    expect(attributes.price).toBeLessThanOrEqual(10);
  }
  expect(await readdir('.')).toEqual(before);
  expect(await readdir(join(folder, 'cache', 'palate'))).toContainEqual(
    expect.stringMatching(/^orders-[0-9a-f]{16}$/),
  );
  const limited = await ask(
    'recommend',
    '--history',
    'Matcha Bowl; TE-01',
    '--system',
    'item-knn',
    '--candidates',
    'Moka Pot; Matcha Whisk',
    '--k',
    '9',
  );
  expect(limited.items.map(({ title }: { title: string }) => title)).toEqual(['Matcha Whisk', 'Moka Pot']);
});

test('similar, search, rank and explain take titles and ids; tables fit the terminal', async () => {
  expect(
    (await ask('search', 'matha', '--k', '2')).items.map(({ title }: { title: string }) => title),
  ).toContain('Matcha Bowl');
  const similar = await ask('similar', 'Matcha Bowl', '--k', '3');
  expect(similar).toMatchObject({ like: 'Matcha Bowl' });
  expect(similar.items).toHaveLength(3);
  const ranked = await ask('rank', 'Moka Pot; TW-04', '--user', 'C109');
  expect(ranked.items.map(({ id }: { id: string }) => id).sort()).toEqual(['CG-05', 'TW-04']);
  expect((await ask('explain', 'TW-04', '--user', 'C109')).text).toMatch(/\w{3}/);
  const narrow = await palate(['recommend', '--data', shop, '--user', 'C109'], { ...env, COLUMNS: '46' });
  for (const line of narrow.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(46);
  expect(narrow.stdout).toContain('…');
});

test('faults are one line with what was meant', async () => {
  const complaint = async (...args: string[]) => {
    const { code, stdout, stderr } = await palate([...args, '--data', shop], env);
    expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
    return stderr;
  };
  expect(await complaint('recommend', '--user', 'C1090')).toMatch(
    /"C1090".*Did you mean C109\?.*\[invalid-input\]/,
  );
  expect(await complaint('recommend', '--history', 'Mocha Pot')).toMatch(/Did you mean Moka Pot/);
  expect(await complaint('recommend', '--user', 'C109', '--filter', 'prise<=3')).toMatch(
    /Did you mean price\?/,
  );
  expect(await complaint('recommend', '--user', 'C109', '--filter', 'cheap')).toMatch(
    /category=Tea\|Coffee.*"cheap"/,
  );
  expect(await complaint('recommend')).toMatch(/either --user ID or --history/);
});

test('explain writes a live model’s words as they come', async () => {
  // The server ends its answer only when the first words of it have been printed.
  let goOn = (): void => undefined;
  const isPrinted = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const server = createServer((request, response) => {
    const send = (delta: object, finish: string | null = null) =>
      response.write(
        `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'test', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
      );
    request.resume().on('end', async () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send({ role: 'assistant', content: 'A bowl for ' });
      await isPrinted;
      send({ content: 'your whisk.' });
      send({}, 'stop');
      response.end('data: [DONE]\n\n');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const child = spawn(process.execPath, [PALATE, 'explain', 'TW-04', '--user', 'C109', '--data', shop], {
    env: {
      ...ENVIRONMENT,
      ...env,
      PALATE_LLM: 'openai:test',
      OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      OPENAI_API_KEY: 'sk-of-the-test',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (stdout === 'Matcha Bowl: A bowl for') goOn();
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  server.close();
  expect(stdout).toMatch(/^Matcha Bowl: A bowl for your whisk\.\n {5}\[openai:test, live, .*\]\n$/);
});

test('evaluate reads the texts of palate knowledge, says so, and refuses those that know what is tested', async () => {
  await using server = await chatServer((prompt) =>
    prompt.includes('tags') ? 'kitchen, home' : 'A fine thing.',
  );
  const store = await mkdtemp(join(folder, 'known-'));
  const own = await importShop(store);
  const write = (kinds: string) =>
    palate(['knowledge', 'run', '--data', own, '--kinds', kinds, '--no-budget', '--json'], {
      ...env,
      ...server.env,
    });
  const evaluate = (...more: string[]) =>
    palate(['evaluate', '--data', own, '--system', 'bm25,popularity', '--metrics', 'hr@10', ...more], env);
  await write('tag');
  const { stdout } = await evaluate();
  expect(stdout).toMatch(/^BM25.*: with tag of 48 items by openai:test-model$/m);
  const [bm25, popularity] = JSON.parse((await evaluate('--json')).stdout);
  expect([bm25.knowledge, popularity.knowledge]).toEqual(['tag of 48 items by openai:test-model', undefined]);
  // What the same people choose is known from all interactions, those that are tested among them.
  await write('engagement');
  const refused = await evaluate();
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^palate: .*`--no-knowledge` measures without.* \[leak\]\n$/);
  const without = await evaluate('--no-knowledge', '--json');
  expect(JSON.parse(without.stdout)[0].knowledge).toBeUndefined();
});

test('texts of palate knowledge are what the next answer goes by', async () => {
  await using server = await chatServer((prompt) =>
    prompt.includes('tags')
      ? prompt.includes('Moka Pot')
        ? 'campfire, tent, hiking'
        : 'kitchen, home'
      : 'x',
  );
  const run = await palate(['knowledge', 'run', '--data', shop, '--kinds', 'tag', '--no-budget', '--json'], {
    ...env,
    ...server.env,
  });
  expect(JSON.parse(run.stdout).stored).toBe(48);
  const { items } = await ask('recommend', '--text', 'hiking with a tent', '--k', '1', '--explain');
  expect(items[0]).toMatchObject({ title: 'Moka Pot' });
});
