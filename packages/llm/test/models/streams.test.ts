import type { PalateError } from '@palate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenAIModelOptions } from '../../src/models/openai.js';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';
import { ask, scriptedAt } from './scripted.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const scripted = (script: readonly Behaviour[], options: Partial<OpenAIModelOptions> = {}) =>
  scriptedAt(server, script, options);

describe('streams', () => {
  async function read(stream: AsyncIterable<string>): Promise<[string, PalateError | undefined]> {
    let text = '';
    try {
      for await (const piece of stream) text += piece;
    } catch (error) {
      return [text, error as PalateError];
    }
    return [text, undefined];
  }

  test.each([true, false])(
    'a stream that ends before its mark is an error, cleanly ended: %s',
    async (clean) => {
      const { model } = await scripted([{ kind: 'cut', clean }]);
      const [text, error] = await read(model.stream(ask('a long question')));
      expect(text).toMatch(/^answer to:/);
      expect(error).toMatchObject({ code: 'stream-cut', isRetryable: true });
    },
  );

  test.each<[Behaviour, string]>([
    [{ kind: 'status', status: 429, retryAfter: '1' }, 'rate-limited'],
    [{ kind: 'html' }, 'bad-answer'],
    [{ kind: 'error-in-200' }, 'bad-answer'],
    [{ kind: 'hang' }, 'timed-out'],
  ])('%j', async (behaviour, code) => {
    const { model } = await scripted([behaviour], { timeoutSeconds: behaviour.kind === 'hang' ? 0.3 : 60 });
    const [text, error] = await read(model.stream(ask('x')));
    expect([text, error?.code]).toEqual(['', code]);
  });

  test('a slow stream lives as long as pieces come', async () => {
    // Some 750 drips, 5 ms or more each: longer in all than the wait allowed for each piece of some 50.
    const { model } = await scripted([{ kind: 'drip', everyMs: 5, bytes: 4 }], { timeoutSeconds: 3 });
    const started = performance.now();
    const [text, error] = await read(model.stream(ask('1 2 3 4 5 6 7 8 9 10 11')));
    expect([text, error]).toEqual(['answer to: 1 2 3 4 5 6 7 8 9 10 11', undefined]);
    expect(performance.now() - started).toBeGreaterThan(3000);
  });

  test('leaving the loop ends the call', async () => {
    const { model } = await scripted([{ kind: 'drip', everyMs: 1 }]);
    const stream = model.stream(ask('x y z'));
    for await (const piece of stream) {
      expect(piece).toBe('answer');
      break;
    }
    await expect(stream.result).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('ends and errors of streams', () => {
  const piece = (content: string, finish_reason: string | null = null): string =>
    JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason }] });

  test('the end mark ends a stream that tells no finish reason', async () => {
    const { model } = await scripted([
      { kind: 'events', events: [piece('one'), piece(' two', ''), '[DONE]'] },
    ]);
    expect(await model.stream(ask('hello')).result).toMatchObject({ text: 'one two', finishReason: 'stop' });
  });

  test('an end mark with no choice before it is no answer, and a bare error is told', async () => {
    const { model } = await scripted([
      { kind: 'events', events: ['[DONE]'] },
      { kind: 'events', events: ['{"error":{"message":"slow down","code":429}}\n\n'] },
    ]);
    await expect(model.stream(ask('hello')).result).rejects.toMatchObject({
      code: 'bad-answer',
      isRetryable: true,
    });
    await expect(model.stream(ask('hello')).result).rejects.toMatchObject({
      code: 'rate-limited',
      received: expect.stringContaining('slow down'),
    });
  });

  test('neither mark nor reason is a cut, an empty reason is none', async () => {
    const { model } = await scripted([{ kind: 'events', events: [piece('one'), piece(' two', '')] }]);
    await expect(model.stream(ask('hello')).result).rejects.toMatchObject({
      code: 'stream-cut',
      isRetryable: true,
    });
  });

  test.each<[string, readonly string[], string, boolean]>([
    [
      'an error event',
      [piece('one'), JSON.stringify({ error: { message: 'engine died', code: 500 } })],
      'engine died',
      true,
    ],
    [
      'an error text',
      [piece('one'), JSON.stringify({ error: 'engine died', error_type: 'generation' })],
      'engine died',
      true,
    ],
    [
      'an error object of vLLM',
      [piece('one'), JSON.stringify({ object: 'error', message: 'too long', code: 400 }), '[DONE]'],
      'too long',
      false,
    ],
    [
      'a named event',
      [piece('one'), `event: error\ndata: ${JSON.stringify({ message: 'engine died' })}\n\n`, '[DONE]'],
      'engine died',
      true,
    ],
    [
      'a field of llama.cpp',
      [piece('one'), `error: ${JSON.stringify({ code: 500, message: 'engine died' })}\n\n`, '[DONE]'],
      'engine died',
      true,
    ],
  ])('%s within a stream is told', async (_, events, words, isRetryable) => {
    const { model } = await scripted([{ kind: 'events', events }]);
    const error: unknown = await model.stream(ask('hello')).result.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ isRetryable, received: expect.stringContaining(words) });
  });
});
