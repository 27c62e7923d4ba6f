import type { GenerateRequest, LanguageModel } from '@palate/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LimitOptions, withLimits } from '../../src/middleware/limits.js';
import { ModelCallError } from '../../src/models/model-error.js';

// The clock alone is not real: minutes pass at once. The model is a plain one that notes when it was called.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const ask = (maxTokens = 1): GenerateRequest => ({ messages: [{ role: 'user', content: 'hi' }], maxTokens });

/** Takes `seconds` for each answer, uses `tokens`, and fails unbilled where `fails` says so. */
function clocked(
  limits: LimitOptions,
  { seconds = 0, tokens = 1, fails = (_: number): boolean => false } = {},
): { model: LanguageModel; starts: number[]; most: () => number } {
  const starts: number[] = [];
  let now = 0;
  let most = 0;
  const zero = performance.now();
  const plain: LanguageModel = {
    id: 'plain:model',
    async generate(requests) {
      const n = starts.push((performance.now() - zero) / 1000) - 1;
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      now--;
      return requests.map(() =>
        fails(n)
          ? {
              ok: false,
              error: new ModelCallError('rate-limited', {
                expected: '',
                received: '',
                hint: '',
                isUnbilled: true,
              }),
            }
          : {
              ok: true,
              result: {
                text: '',
                usage: { inputTokens: tokens, outputTokens: 0 },
                finishReason: 'stop',
                model: 'm',
              },
            },
      );
    },
  };
  return { model: withLimits(plain, limits), starts, most: () => most };
}

async function finish(work: Promise<unknown>): Promise<void> {
  let done = false;
  void work.finally(() => {
    done = true;
  });
  while (!done) await vi.advanceTimersByTimeAsync(1000);
}

describe('limits', () => {
  test('at once', async () => {
    const { model, most, starts } = clocked({ concurrency: 3 }, { seconds: 2 });
    await finish(Promise.all([model.generate(Array(5).fill(ask())), model.generate(Array(5).fill(ask()))]));
    expect(most()).toBe(3);
    expect(starts).toHaveLength(10);
  });

  test('requests: no 60 seconds see more than allowed, and none fewer than possible', async () => {
    const { model, starts } = clocked({ requestsPerMinute: 4, concurrency: 100 }, { seconds: 1 });
    await finish(model.generate(Array(10).fill(ask())));
    expect(starts.map((time) => Math.floor(time))).toEqual([0, 0, 0, 0, 60, 60, 60, 60, 120, 120]);
    for (const [n, start] of starts.entries())
      expect(
        starts.filter((other) => other > start - 60 && other <= start).length,
        `at ${n}`,
      ).toBeLessThanOrEqual(4);
  });

  test('tokens: reckoned before the call by input and maxTokens', async () => {
    // Two messages' worth of template (32), one token of text and maxTokens 67: 100 each.
    const { model, starts } = clocked(
      { tokensPerMinute: 250, concurrency: 10 },
      { seconds: 90, tokens: 100 },
    );
    await finish(model.generate(Array(5).fill(ask(67))));
    expect(starts.map((time) => Math.floor(time))).toEqual([0, 0, 60, 60, 120]);
  });

  test('tokens that an answer did not use are free again at once', async () => {
    const { model, starts } = clocked({ tokensPerMinute: 250, concurrency: 10 }, { seconds: 5, tokens: 10 });
    await finish(model.generate(Array(4).fill(ask(67))));
    expect(starts.map((time) => Math.floor(time))).toEqual([0, 0, 5, 5]);
  });

  test('a failure that generated nothing uses no tokens, but counts as a request', async () => {
    const tokens = clocked({ tokensPerMinute: 100, concurrency: 1 }, { fails: () => true });
    await finish(tokens.model.generate(Array(3).fill(ask(67))));
    expect(tokens.starts.every((time) => time < 2)).toBe(true);
    const requests = clocked({ requestsPerMinute: 2, concurrency: 1 }, { fails: () => true });
    await finish(requests.model.generate(Array(3).fill(ask())));
    expect(Math.floor(requests.starts[2] ?? 0)).toBeGreaterThanOrEqual(60);
  });

  test('a call larger than the limit goes out alone instead of waiting forever', async () => {
    const { model, starts } = clocked({ tokensPerMinute: 50 }, { tokens: 100 });
    await finish(model.generate([ask(67), ask(67)]));
    expect(starts.map((time) => Math.floor(time))).toEqual([0, 60]);
  });

  test('cancelling leaves the queue', async () => {
    const { model, starts } = clocked({ requestsPerMinute: 1 });
    const stop = new AbortController();
    const work = expect(model.generate([ask(), ask()], { signal: stop.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    await vi.advanceTimersByTimeAsync(1000);
    stop.abort();
    await work;
    await finish(model.generate([ask()]));
    expect(starts).toHaveLength(2);
  });

  test('refuses limits below one and unknown ones', () => {
    const { model } = clocked({});
    expect(() => withLimits(model, { concurrency: 0 })).toThrow(/concurrency/);
    expect(() => withLimits(model, { requestsPerSecond: 1 } as never)).toThrow(/"requestsPerSecond"/);
  });
});
