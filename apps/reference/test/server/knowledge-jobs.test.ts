import { appendFile, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { AppendedLines } from '../../src/server/appended-lines.js';
import { jobs as jobsSchema } from '../../src/server/http/answer-schemas.js';
import { Jobs, type JobView } from '../../src/server/jobs.js';
import { chatServer } from '../chat-server.js';
import { interrupted, palate } from '../cli.js';
import { type ServerProcess, shopFolder, startServer } from './server-process.js';

let server: ServerProcess | undefined;
afterAll(() => {
  server?.child.kill('SIGKILL');
});

test('runs of another process are jobs: how far they are, what they cost, what failed and why', async () => {
  const data = await shopFolder();
  const running = await startServer(data);
  server = running;
  await using model = await chatServer((_, nth) => (nth <= 2 ? '' : 'calm, warm, daily'));
  const args = ['knowledge', 'run', '--data', data, '--kinds', 'tag', '--no-budget', '--concurrency', '1'];
  /** The job of texts, once it is as it should be. */
  const job = async (isSo: (view: JobView) => boolean): Promise<JobView> => {
    for (const latest = Date.now() + 300_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const listed = jobsSchema.parse(await (await running.ask('/api/v1/jobs')).json()).jobs as JobView[];
      const found = listed.find(({ kind }) => kind === 'knowledge');
      if (found && isSo(found)) return found;
      if (Date.now() > latest) throw new Error(`the jobs are ${JSON.stringify(listed)}`);
    }
  };
  await interrupted([...args, '--progress'], 'knowledge tag 20 of 48', { env: model.env, by: 'SIGKILL' });
  const killed = await job(({ state }) => state === 'failed');
  expect(killed).toMatchObject({
    title: 'Texts (tag) by openai:test-model',
    error: { code: 'killed' },
    progress: { message: 'tag', total: 48 },
    failures: [{ code: 'empty-answer', count: 2 }],
  });
  expect(killed.progress?.done).toBeLessThan(48);
  const { code } = await palate([...args, '--input-price', '1', '--output-price', '3'], model.env);
  expect(code).toBe(0);
  const done = await job(({ state }) => state === 'done');
  expect(done.id).not.toBe(killed.id);
  const ledger = (await readFile(join(`${data}.knowledge`, 'spending.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as { inputTokens: number; outputTokens: number });
  const sum = (name: 'inputTokens' | 'outputTokens'): number =>
    ledger.reduce((all, each) => all + each[name], 0);
  expect(done.spent).toMatchObject({ inputTokens: sum('inputTokens'), outputTokens: sum('outputTokens') });
  expect(done.spent?.cost).toBeCloseTo((sum('inputTokens') + 3 * sum('outputTokens')) / 1e6, 10);
  expect(done.failures).toEqual([]);
  const again = await running.ask(`/api/v1/jobs/${done.id}/events`);
  expect(await again.text()).toContain('"state":"done"');
});

test('a job of another process is followed, and not cancelled here', async () => {
  const jobs = new Jobs();
  const view: JobView = { id: 'k', kind: 'knowledge', title: 'Texts', state: 'running', startedAt: 1 };
  jobs.show(view);
  await expect(jobs.cancel('k')).rejects.toMatchObject({ code: 'not-cancellable' });
  const states: string[] = [];
  const following = (async () => {
    for await (const { state } of jobs.follow('k', new AbortController().signal)) states.push(state);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  jobs.show({ ...view, state: 'done' });
  await following;
  expect(states).toEqual(['running', 'done']);
  await jobs.close();
});

test('lines that are appended are read once each, whole, and from the start of another file', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'palate-lines-')), 'lines');
  const lines = new AppendedLines(path);
  let resets = 0;
  const fresh = (): Promise<string[]> => lines.fresh(() => resets++);
  expect(await fresh()).toEqual([]);
  await writeFile(path, 'one\ntw');
  expect(await fresh()).toEqual(['one']);
  expect(await fresh()).toEqual([]);
  await appendFile(path, 'ö\nthree\n');
  expect(await fresh()).toEqual(['twö', 'three']);
  // Longer than what is read at a time, with a character on the border.
  const long = `${'x'.repeat((1 << 18) - 1)}é${'y'.repeat(1 << 18)}`;
  await appendFile(path, `${long}\nlast\n`);
  expect(await fresh()).toEqual([long, 'last']);
  await writeFile(path, 'new\n');
  expect(await fresh()).toEqual(['new']);
  expect(resets).toBe(1);
});
