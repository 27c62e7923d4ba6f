import { PalateError, RandomStream } from '@palate/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openaiEncoder, openaiModel } from '../../src/index.js';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const JUNK = [null, 7, -1, 'x', '', true, [], {}, [null], [[1]], { message: null }, { a: { b: [] } }, 1e300];

/** A copy in which one random node is something else, gone, or there twice. */
function mutated(node: unknown, random: RandomStream): unknown {
  if (typeof node !== 'object' || node === null || random.uniform() < 0.15)
    return JUNK[random.integer(JUNK.length)];
  const keys = Object.keys(node);
  if (keys.length === 0) return JUNK[random.integer(JUNK.length)];
  const key = keys[random.integer(keys.length)] as string;
  const copy = (Array.isArray(node) ? [...node] : { ...node }) as Record<string, unknown>;
  if (random.uniform() < 0.15) delete copy[key];
  else copy[key] = mutated(copy[key], random);
  return copy;
}

const CHAT = {
  id: 'c',
  model: 'm',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'hello', refusal: null },
      finish_reason: 'stop',
      logprobs: {
        content: [{ token: 'hello', logprob: -1, top_logprobs: [{ token: 'hello', logprob: -1 }] }],
      },
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1 },
};
const CHUNK = {
  choices: [
    { index: 0, delta: { role: 'assistant', content: 'hello' }, finish_reason: null, logprobs: null },
  ],
  usage: null,
};
const ERROR = {
  error: { message: 'no', type: 'x', param: null, code: 400, details: [{ retryDelay: '1s' }] },
  detail: [{ loc: ['a'], msg: 'b' }],
};
const ECHO = {
  choices: [
    {
      text: 'a b',
      logprobs: { text_offset: [0, 1], tokens: ['a', ' b'], token_logprobs: [null, -1], top_logprobs: null },
    },
  ],
};
const VECTORS = { data: [{ index: 0, embedding: [0.6, 0.8] }], model: 'm' };

test('300 mutated answers are a right result or a typed error, never a raw one', async () => {
  const random = new RandomStream(19);
  const kinds = ['chat', 'stream', 'error', 'echo', 'vectors'] as const;
  const seen = { fine: 0, failed: 0 };
  const cases = Array.from({ length: 300 }, (_, n) => {
    const kind = kinds[n % kinds.length] as (typeof kinds)[number];
    const body = { chat: CHAT, stream: CHUNK, error: ERROR, echo: ECHO, vectors: VECTORS }[kind];
    const twice = mutated(mutated(body, random), random);
    const behaviour: Behaviour =
      kind === 'stream'
        ? { kind: 'events', events: [JSON.stringify(twice), JSON.stringify(CHUNK), '[DONE]'] }
        : {
            kind: 'raw',
            body: JSON.stringify(twice),
            status: kind === 'error' ? 400 + random.integer(200) : 200,
          };
    return { n, kind, twice, behaviour };
  });
  const check = async ({ n, kind, twice, behaviour }: (typeof cases)[number]): Promise<void> => {
    const name = `fuzzed-${n}`;
    await server.control.script(name, [behaviour], { stay: true });
    const options = { model: name, baseURL: server.baseURL, apiKey: 'k' };
    const model = openaiModel({ ...options, topLogProbabilities: 1, likelihood: 'echo' });
    const request = { messages: [{ role: 'user' as const, content: 'hi' }], maxTokens: 5, temperature: 0 };
    const call = async (): Promise<void> => {
      if (kind === 'vectors') {
        const { data } = await (await openaiEncoder(options)).encode(['a']);
        expect(data.every(Number.isFinite)).toBe(true);
      } else if (kind === 'echo') {
        const [result] = (await model.logLikelihood?.([{ prompt: 'a', continuation: ' b' }])) ?? [];
        expect(result).toEqual({ logLikelihood: -1, tokens: 1 });
      } else {
        const result = kind === 'stream' ? await model.stream(request).result : undefined;
        const [outcome] = result ? [{ ok: true as const, result }] : await model.generate([request]);
        if (!outcome?.ok) throw outcome?.error;
        expect(typeof outcome.result.text).toBe('string');
        expect(Number.isInteger(outcome.result.usage.inputTokens + outcome.result.usage.outputTokens)).toBe(
          true,
        );
      }
    };
    await call().then(
      () => seen.fine++,
      (error: unknown) => {
        if (!PalateError.is(error)) throw new Error(`case ${n}: ${JSON.stringify(twice)}`, { cause: error });
        seen.failed++;
      },
    );
  };
  // Most of a case is waiting before another try: many wait together.
  for (let n = 0; n < cases.length; n += 150) await Promise.all(cases.slice(n, n + 150).map(check));
  expect(seen.fine).toBeGreaterThan(30);
  expect(seen.failed).toBeGreaterThan(60);
});
