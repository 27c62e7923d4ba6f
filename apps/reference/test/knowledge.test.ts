import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatServer } from './chat-server.js';
import { interrupted, palate } from './cli.js';
import { importShop } from './shop.js';

let folder: string;
let data: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-knowledge-'));
  data = ['--data', await importShop(folder)];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const jsonLines = async (path: string): Promise<Record<string, unknown>[]> =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const answer = (prompt: string): string =>
  prompt.includes('tags')
    ? 'calm, warm, daily'
    : prompt.includes('keywords')
      ? 'green tea, stoneware'
      : 'It is fit for slow mornings.';

test('an estimate asks nobody and needs no model: texts, tokens, money', async () => {
  const { stdout } = await palate(
    [
      'knowledge',
      'estimate',
      ...data,
      '--kinds',
      'kar,tag,keywords',
      '--input-price',
      '2',
      '--output-price',
      '10',
      '--json',
    ],
    { PALATE_LLM: '' },
  );
  const { kinds, expected, worst } = JSON.parse(stdout);
  expect(kinds.map(({ kind, requests, known }: Record<string, unknown>) => [kind, requests, known])).toEqual([
    ['facts', 48, 0],
    // Of three users everything lies on one day: what may be shown cannot be told from what is to be predicted.
    ['preference', 87, 0],
    ['tag', 48, 0],
    ['keywords', 87, 0],
  ]);
  // Bounds of the templates: 400, 500, 200 and 80 tokens an answer.
  expect(expected.outputTokens).toBe(48 * 400 + 87 * 500 + 48 * 200 + 87 * 80);
  expect(kinds.map(({ leftOut }: Record<string, unknown>) => leftOut)).toEqual([0, 3, 0, 3]);
  expect(expected.cost).toBeCloseTo((expected.inputTokens * 2 + expected.outputTokens * 10) / 1e6, 10);
  expect(worst.inputTokens).toBeGreaterThan(expected.inputTokens);
  const words = await palate(['knowledge', 'estimate', ...data], { PALATE_LLM: '', COLUMNS: '80' });
  expect(words.stdout).toMatch(/texts +of +there +to ask/);
  for (const line of words.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(140);
});

test('a run wants a bound; a sample shows a few; what is known is not asked again', async () => {
  await using server = await chatServer(answer);
  const run = (...more: string[]) =>
    palate(['knowledge', 'run', ...data, '--kinds', 'tag', ...more], server.env);
  expect((await run()).stderr).toMatch(
    /^palate: Expected a limit on the cost of the texts.*knowledge estimate.*\[invalid-input\]\n$/,
  );
  expect((await run('--max-cost', '1')).stderr).toMatch(/--input-price and --output-price/);
  expect(server.prompts).toHaveLength(0);
  const sample = await run('--sample', '2');
  expect(sample.stdout).toMatch(/tag: .*\n {2}calm, warm, daily\n/);
  expect(sample.stdout).toContain('tag: 2 written, 0 existed, 0 failed');
  expect(sample.stdout).toContain('openai:test-model was asked twice');
  expect(server.prompts).toHaveLength(2);
  const rest = JSON.parse((await run('--max-tokens', '100000', '--json')).stdout);
  expect(rest).toMatchObject({
    stored: 46,
    asked: 46,
    failures: [],
    kinds: [{ kind: 'tag', known: 2, failed: 0 }],
  });
  expect(server.prompts).toHaveLength(48);
  // Every answer was booked, over both runs.
  const ledger = await jsonLines(join(folder, 'shop.knowledge', 'spending.jsonl'));
  expect(ledger).toHaveLength(48);
  expect(rest.spent.inputTokens).toBe(ledger.reduce((sum, { inputTokens }) => sum + Number(inputTokens), 0));
});

test('a budget bounds all runs of a store together, and says what stopped it', async () => {
  await using server = await chatServer(answer);
  const { spent } = JSON.parse((await palate(['knowledge', 'status', ...data, '--json'])).stdout);
  const most = spent.inputTokens + spent.outputTokens + 1500;
  const { code, stdout, stderr } = await palate(
    ['knowledge', 'run', ...data, '--kinds', 'infer', '--max-tokens', String(most)],
    server.env,
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/within \d+ tokens.*\[budget-exceeded\]\n$/);
  expect(server.prompts.length).toBeGreaterThan(0);
  expect(server.prompts.length).toBeLessThan(48);
  expect(stdout).toContain(`infer: ${server.prompts.length} written`);
  const after = JSON.parse((await palate(['knowledge', 'status', ...data, '--json'])).stdout);
  expect(after.spent.inputTokens + after.spent.outputTokens).toBeLessThanOrEqual(most);
});

test('a killed run goes on where it was', async () => {
  await using server = await chatServer(answer);
  const args = [
    'knowledge',
    'run',
    ...data,
    '--kinds',
    'keywords',
    '--latest',
    '--no-budget',
    '--concurrency',
    '1',
  ];
  await interrupted([...args, '--progress'], 'knowledge keywords 20 of 90', {
    env: server.env,
    by: 'SIGKILL',
  });
  const before = server.prompts.length;
  expect(before).toBeGreaterThanOrEqual(20);
  expect(before).toBeLessThan(90);
  const { stored, kinds } = JSON.parse((await palate([...args, '--json'], server.env)).stdout);
  expect(kinds[0].known + stored).toBe(90);
  // At most the request in flight was lost.
  expect(server.prompts.length - 90).toBeLessThanOrEqual(1);
});

test('what a server refuses is told in its words, with how often it was asked; status and export say what there is', async () => {
  await using server = await chatServer((prompt, nth) =>
    nth <= 2 ? '' : nth === 3 ? answer(prompt) : { status: 401, message: 'This account is on hold.' },
  );
  const run = await palate(
    ['knowledge', 'run', ...data, '--kinds', 'paraphrase', '--no-budget', '--concurrency', '1'],
    server.env,
  );
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/paraphrase: 1 written, 0 existed, 2 failed/);
  expect(run.stdout).toMatch(/2 × empty-answer/);
  expect(run.stdout).toContain('was asked 4 times');
  expect(run.stderr).toMatch(/This account is on hold.*\[not-authorised\]\n$/);
  const status = JSON.parse((await palate(['knowledge', 'status', ...data, '--json'])).stdout);
  expect(status.kinds).toContainEqual({ kind: 'tag', of: 'item', model: 'openai:test-model', texts: 48 });
  expect(status.failures).toMatchObject([{ code: 'empty-answer', count: 2 }]);
  const file = join(folder, 'texts.jsonl');
  expect((await palate(['knowledge', 'export', file, ...data, '--kinds', 'tag'])).stdout).toContain(
    '48 texts written',
  );
  const texts = await jsonLines(file);
  expect(texts).toHaveLength(48);
  expect(texts[0]).toMatchObject({
    kind: 'tag',
    text: 'calm, warm, daily',
    facts: { tags: ['calm', 'warm', 'daily'] },
  });
  expect(
    (await palate(['knowledge', 'export', file, ...data, '--store', join(folder, 'none')])).stderr,
  ).toMatch(/nothing at .*none/);
  expect(
    (await palate(['knowledge', 'run', ...data, '--kinds', 'tagz', '--sample', '1'], server.env)).stderr,
  ).toMatch(/Did you mean tag\?/);
});
