import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerateRequest } from '@palate/core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openaiModel } from '../../src/models/openai.js';
import { MissingAnswerError, recordedModel, recording } from '../../src/models/recorded.js';
import { startServer, type TestServer } from '../server/start-server.js';

const KEY = 'sk-recorded-0815';
let server: TestServer;
let folder: string;
let file: string;
let count = 0;
beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), 'palate-recorded-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  file = join(folder, `${++count}.jsonl`);
});

const ask = (content: string, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  messages: [{ role: 'user', content }],
  ...more,
});
const live = (model = `live-${count}`): ReturnType<typeof openaiModel> =>
  openaiModel({ model, baseURL: server.baseURL, apiKey: KEY, likelihood: 'echo' });

test('what was recorded is answered again, with the model id, and nothing twice', async () => {
  const requests = [ask('a', { temperature: 0 }), ask('b'), ask('a', { temperature: 0 })];
  const first = await recording(live(), file).generate(requests);
  const likelihoods = await recording(live(), file).logLikelihood?.([{ prompt: 'x', continuation: ' y' }]);
  const played = await recordedModel(file);
  expect(played.id).toBe(`openai:live-${count}`);
  expect(await played.generate(requests)).toEqual(first);
  expect(await played.logLikelihood?.([{ prompt: 'x', continuation: ' y' }])).toEqual(likelihoods);
  let streamed = '';
  for await (const piece of played.stream(ask('b'))) streamed += piece;
  expect(streamed).toBe('answer to: b');
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines.join()).not.toContain(KEY);
  // A second recording of the same requests asks the server nothing.
  const asked = (await server.control.seen(`live-${count}`)).requests.length;
  expect(await recording(live(), file).generate(requests)).toEqual(first);
  expect((await server.control.seen(`live-${count}`)).requests).toHaveLength(asked);
});

test('a missing answer is an outcome that says how to record it, and what a near miss lacks', async () => {
  await recording(live(), file).generate([ask('a', { temperature: 0, maxTokens: 5 })]);
  const played = await recordedModel(file);
  const outcomes = await played.generate([ask('a', { maxTokens: 6 }), ask('z')]);
  const [near, far] = outcomes.map((one) => (one.ok ? undefined : (one.error as MissingAnswerError)));
  expect(near).toBeInstanceOf(MissingAnswerError);
  expect(near?.message).toMatch(/other temperature, maxTokens|other maxTokens, temperature/);
  expect(far?.code).toBe('missing-answer');
  expect(far?.message).toContain(`recording(model, ${JSON.stringify(file)})`);
  expect(far?.key).toMatch(/^[0-9a-f]{64}$/);
  expect(played.logLikelihood).toBeUndefined();
});

test('the key in the message is the key in the file', async () => {
  await recording(live(), file).generate([ask('a')]);
  const [outcome] = await (await recordedModel(file)).generate([ask('b')]);
  await recording(live(), file).generate([ask('b')]);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(outcome?.ok === false && (outcome.error as MissingAnswerError).key).toBe(
    JSON.parse(lines[1] ?? '').key,
  );
});

test('failures are not recorded', async () => {
  await server.control.script(`live-${count}`, [{ kind: 'status', status: 500 }]);
  const model = recording(live(), file);
  expect((await model.generate([ask('a')]))[0]?.ok).toBe(false);
  expect((await model.generate([ask('a')]))[0]?.ok).toBe(true);
  expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
});

test('a line that a kill left unfinished is passed over, and cut off by the next recording', async () => {
  await recording(live(), file).generate([ask('a')]);
  await appendFile(file, '{"key":"half a li');
  expect((await (await recordedModel(file)).generate([ask('a')]))[0]?.ok).toBe(true);
  await recording(live(), file).generate([ask('b')]);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).request.messages[0].content)).toEqual(['a', 'b']);
});

test('a malformed line is an error with its place; so are a missing file and an unknown model', async () => {
  await writeFile(file, '\n{"key":"k"}\n');
  await expect(recordedModel(file)).rejects.toMatchObject({ code: 'parse-error', position: { line: 2 } });
  await expect(recordedModel(`${file}.none`)).rejects.toMatchObject({ code: 'invalid-input' });
  const both = `${file}.both`;
  await recording(live('one'), both).generate([ask('a')]);
  await recording(live('two'), both).generate([ask('a')]);
  await expect(recordedModel(both)).rejects.toThrow(/openai:one, openai:two/);
  expect((await recordedModel(both, { model: 'openai:two' })).id).toBe('openai:two');
});
