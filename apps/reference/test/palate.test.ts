import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBundledMovieTweetings, loadItemKnowledge } from '@palate/dataset-movietweetings';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { interrupted, palate } from './cli.js';

let artifacts: string;
/** Folder in which a method is kept: its key, and a hash of all that decides it. */
async function folderOf(key: string): Promise<string> {
  const bundled = join(artifacts, 'bundled');
  const name = (await readdir(bundled)).find((each) => new RegExp(`^${key}-[0-9a-f]{16}$`).test(each));
  return join(bundled, name ?? 'none');
}

beforeAll(async () => {
  artifacts = await mkdtemp(join(tmpdir(), 'palate-cli-'));
});
afterAll(() => rm(artifacts, { recursive: true, force: true }));

describe('palate recommend', () => {
  test('to a user of the data, as JSON, without what the user has rated', async () => {
    const { code, stdout } = await palate([
      'recommend',
      '--user',
      '36',
      '--system',
      'item-knn',
      '--k',
      '5',
      '--artifacts',
      artifacts,
      '--json',
    ]);
    expect(code).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer.history).toHaveLength(12);
    expect(answer.items).toHaveLength(5);
    const rated = new Set(answer.history.map(({ id }: { id: string }) => id));
    for (const { id, score } of answer.items) {
      expect(rated.has(id)).toBe(false);
      expect(score).toBeGreaterThan(0);
    }
    expect(await readdir(join(artifacts, 'bundled'))).toContainEqual(
      expect.stringMatching(/^item-knn-[0-9a-f]{16}$/),
    );
  });

  test('to anybody from titles, however they are typed', async () => {
    const typed = 'alien; The Shining (1980); les miserables';
    const { stdout } = await palate([
      'recommend',
      '--history',
      typed,
      '--system',
      'item-knn',
      '--artifacts',
      artifacts,
      '--json',
    ]);
    expect(JSON.parse(stdout).history.map(({ title }: { title: string }) => title)).toEqual([
      'Alien (1979)',
      'The Shining (1980)',
      'Les Misérables (2012)',
    ]);
    const fine = await palate([
      'recommend',
      '--history',
      'iron man 3; OBLIVION',
      '--system',
      'item-knn',
      '--artifacts',
      artifacts,
    ]);
    expect(fine.stdout).toMatch(
      /^MovieTweetings 100K, 5-core, from 2 items: Iron Man 3 \(2013\); Oblivion \(2013\)\n *1\. [\s\S]*\[ItemKNN on the history/,
    );
  });

  test('what cannot be done is one line with a code, and exit status 1; wrong usage is 2', async () => {
    const typo = await palate(['recommend', '--history', 'Iron Mann 3', '--artifacts', artifacts]);
    expect(typo).toMatchObject({ code: 1, stdout: '' });
    expect(typo.stderr).toMatch(
      /^palate: .*"Iron Mann 3".*Did you mean Iron Man 3 \(2013\).*\[invalid-input\]\n$/,
    );
    expect((await palate(['recommend', '--artifacts', artifacts])).stderr).toMatch(
      /either --user ID or --history/,
    );
    expect(
      (await palate(['recommend', '--user', 'nobody', '--json', '--artifacts', artifacts])).stdout,
    ).toMatch(/"code":"unknown-id"/);
    expect((await palate(['recommend', '--user', '36', '--k', '0'])).code).toBe(2);
    expect((await palate(['recommand'])).code).toBe(2);
    expect(await palate(['serve', '--port', '99999'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a whole number from 0 to 65535'),
    });
    expect((await palate(['fit', '--systems', 'esae', '--artifacts', artifacts])).stderr).toMatch(
      /a method among random.*"esae"/,
    );
    expect((await palate(['fit', '--data', 'netflix', '--artifacts', artifacts])).stderr).toMatch(
      /a data set among bundled/,
    );
  });
});

describe('palate fit', () => {
  test('keeps artifacts, leaves current ones alone, and fits again when forced or when they are damaged', async () => {
    const fit = async (...more: string[]): Promise<{ system: string; reused: boolean }[]> =>
      JSON.parse(
        (
          await palate([
            'fit',
            '--systems',
            'popularity,user-knn',
            '--artifacts',
            artifacts,
            '--json',
            ...more,
          ])
        ).stdout,
      );
    expect((await fit()).map(({ reused }) => reused)).toEqual([false, false]);
    expect((await fit()).map(({ reused }) => reused)).toEqual([true, true]);
    expect((await fit('--force')).map(({ reused }) => reused)).toEqual([false, false]);
    await writeFile(join(await folderOf('popularity'), 'manifest.json'), 'damaged');
    expect((await fit()).map(({ reused }) => reused)).toEqual([false, true]);
  });

  test('Ctrl-C stops with status 130 and leaves no broken artifact', async () => {
    const dir = join(artifacts, 'interrupted');
    const { code, stderr } = await interrupted(
      ['fit', '--systems', 'ials', '--progress', '--artifacts', dir],
      'fit iALS',
    );
    expect(code).toBe(130);
    expect(stderr).toMatch(/nothing half written is left/);
    const left = await readdir(join(dir, 'bundled')).catch(() => []);
    expect(left).toEqual([]);
  });
});

test('palate evaluate prints a table with its protocol, or records', async () => {
  const table = await palate(['evaluate', '--systems', 'popularity,item-knn']);
  expect(table.stdout.replace(/\s+/g, ' ')).toMatch(
    /full catalogue; history masked; pessimistic ties; binary relevance; leave-one-out/,
  );
  expect(table.stdout.indexOf('ItemKNN')).toBeLessThan(table.stdout.indexOf('Popularity'));
  const [record] = JSON.parse(
    (await palate(['evaluate', '--systems', 'popularity', '--metrics', 'hr@10', '--json'])).stdout,
  );
  // Popularity of everything but the last interaction: an independent numpy run gives .1502.
  expect(record.metrics['hr@10'].mean).toBeCloseTo(0.1502, 4);
});

test('palate datasets lists the bundled data and what lies in PALATE_DATA', async () => {
  const folder = await mkdtemp(join(artifacts, 'data-'));
  await mkdir(join(folder, 'amazon-beauty'));
  const line = (user: number): string => `${user} ${Array.from({ length: 6 }, (_, k) => k + 1).join(' ')}`;
  await writeFile(
    join(folder, 'amazon-beauty', 'Beauty.txt'),
    Array.from({ length: 6 }, (_, user) => line(user)).join('\n'),
  );
  const { stdout } = await palate(['datasets', '--json'], { PALATE_DATA: folder });
  const rows = JSON.parse(stdout) as { key: string; path: string; statistics: { users: number } }[];
  expect(rows[0]).toMatchObject({ key: 'bundled', statistics: { users: 4333 } });
  expect(rows.find(({ key }) => key === 'beauty')).toMatchObject({
    path: join(folder, 'amazon-beauty', 'Beauty.txt'),
    statistics: { users: 6 },
  });
});

test('palate doctor says what works and how to repair what does not', async () => {
  const { code, stdout } = await palate(['doctor', '--json'], { PALATE_LLM: '' });
  expect(code).toBe(0);
  const findings = new Map(
    (JSON.parse(stdout) as { part: string; works: boolean; hint?: string }[]).map((each) => [
      each.part,
      each,
    ]),
  );
  expect(findings.get('ONNX Runtime')).toMatchObject({
    works: true,
    detail: expect.stringMatching(/^native, computes/),
  });
  expect(findings.get('@tensorflow/tfjs-node')).toMatchObject({
    works: false,
    hint: expect.stringContaining('npm install @tensorflow/tfjs-node'),
  });
  expect(findings.get('language model')).toMatchObject({ works: false });
});

test('palate doctor says when ONNX Runtime computes in WebAssembly', async () => {
  const { code, stdout } = await palate(['doctor'], { PALATE_ORT_RUNTIME: 'wasm' });
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /yes {2}ONNX Runtime +WebAssembly, slower: asked for by PALATE_ORT_RUNTIME; computes on this machine/,
  );
});

test('palate start shows a history, every recommender, and the assistant with its sources', async () => {
  const { code, stdout } = await palate(['start', '--k', '3', '--effort', 'quick', '--artifacts', artifacts]);
  expect(code).toBe(0);
  for (const name of ['popularity', 'item-knn', 'user-knn', 'ease', 'ials', 'bpr', 'bm25'])
    expect(stdout).toContain(`${name} (`);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  expect(stdout.replace(/\s+/g, ' ')).toContain('tuned on this data, beside the retrievers’ order');
  expect(stdout).toContain('A new user who typed "slow-burning heist films, no gore":');
  expect(stdout).toContain('[what was typed; ruled out: gore]');
  expect(stdout).toContain('no language model was asked');
  expect(stdout).toContain('The user 36 rated, oldest first:');
  const manifest = JSON.parse(await readFile(join(await folderOf('ease'), 'manifest.json'), 'utf8'));
  expect(manifest).toMatchObject({ kind: 'ease', config: { lambda: 500 } });
});

describe('palate recommend --profile --explain', () => {
  const run = (more: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    palate(['recommend', '--effort', 'quick', '--artifacts', artifacts, '--json', '--k', '5', ...more], env);

  test('answers a sentence from recorded knowledge, and leaves out what it rules out', async () => {
    const { stdout } = await run(['--profile', 'a bank heist that goes wrong, no romance', '--explain']);
    const answer = JSON.parse(stdout);
    expect(answer.items).toHaveLength(5);
    expect(answer.sources.profile).toContain('ruled out: romance');
    expect(answer.sources.explanations).toContain('no language model was asked');
    for (const { reason } of answer.items) expect(reason.length).toBeGreaterThan(10);
    const ids = new Set(answer.items.map(({ id }: { id: string }) => id));
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    for (const id of ids)
      expect(dataset.catalog.attributes.genres?.[dataset.log.items.indexOf(id as string)]).not.toContain(
        'Romance',
      );
    const heists = new Map((await loadItemKnowledge()).map(({ item, text }) => [item, text]));
    expect([...ids].some((id) => /heist|robber|bank/i.test(heists.get(id as string) ?? ''))).toBe(true);
  });

  test('puts films in the order that a live server answers with, and says so', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { messages } = JSON.parse(body) as { messages: { content: string }[] };
        const shown = (messages.at(-1)?.content ?? '').match(/^\d+\. .*/gm) ?? [];
        // Ranks by title, backwards, which no recommender would.
        const order = shown
          .map((line) => ({ number: Number.parseInt(line, 10), title: line.replace(/^\d+\. /, '') }))
          .sort((a, b) => (a.title < b.title ? 1 : -1))
          .map(({ number, title }) => ({ number, why: `because of ${title.split(' (')[0]}` }));
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({
            id: 'x',
            object: 'chat.completion',
            created: 1,
            model: 'test-model',
            choices: [
              {
                index: 0,
                finish_reason: 'stop',
                message: { role: 'assistant', content: JSON.stringify({ ranking: order.slice(0, 10) }) },
              },
            ],
            usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
          }),
        );
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { stdout } = await run(['--user', '36', '--explain'], {
      PALATE_LLM: 'openai:test-model',
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      OPENAI_API_KEY: 'sk-of-the-test',
    });
    server.close();
    const answer = JSON.parse(stdout);
    const titles = answer.items.map(({ title }: { title: string }) => title);
    expect(titles).toEqual([...titles].sort().reverse());
    expect(answer.sources.order).toContain('openai:test-model, live');
    expect(answer.items[0].reason).toBe(`because of ${titles[0].split(' (')[0]}`);
  });

  test('says why a live model gave no order, in the server’s words, and how often it asked', async () => {
    let requests = 0;
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        requests++;
        response.writeHead(requests === 1 ? 200 : 401, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify(
            requests === 1
              ? {
                  id: 'x',
                  object: 'chat.completion',
                  created: 1,
                  model: 'test-model',
                  choices: [
                    {
                      index: 0,
                      finish_reason: 'stop',
                      message: { role: 'assistant', content: 'What a fine list that is.' },
                    },
                  ],
                  usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
                }
              : { error: { message: 'This account is on hold.', type: 'invalid_request_error' } },
          ),
        );
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { stdout } = await run(['--user', '36', '--explain'], {
      PALATE_LLM: 'openai:refusing-model',
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      OPENAI_API_KEY: 'sk-of-the-test',
    });
    server.close();
    const answer = JSON.parse(stdout);
    expect(answer.items).toHaveLength(5);
    expect(answer.sources.order).toContain(
      'the retrievers’: openai:refusing-model gave no order (asked twice)',
    );
    expect(answer.sources.order).toContain('This account is on hold.');
    expect(answer.sources.explanations).toContain('no language model was asked');
    expect(requests).toBe(2);
  });

  test('refuses a PALATE_LLM that names nothing', async () => {
    const { code, stdout } = await run(['--user', '36', '--explain'], { PALATE_LLM: 'gpt' });
    expect(code).toBe(1);
    expect(stdout).toContain('openai:MODEL');
  });
});

test('palate semantic-ids shows films that share a first code, and keeps the IDs', async () => {
  const { stdout } = await palate([
    'semantic-ids',
    '--groups',
    '2',
    '--effort',
    'quick',
    '--artifacts',
    artifacts,
  ]);
  expect(stdout).toContain('2414 films, 3 levels of 64 codes');
  expect(stdout.match(/^\d+ \(\d+ items\)$/gm)).toHaveLength(2);
  expect(await readdir(join(artifacts, 'semantic-ids'))).toContain('manifest.json');
});
