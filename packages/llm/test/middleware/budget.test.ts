import type { GenerateRequest } from '@palate/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Budget, BudgetExceededError, type BudgetOptions } from '../../src/middleware/budget.js';
import { estimateCost } from '../../src/middleware/estimate-cost.js';
import { withBudget } from '../../src/middleware/with-budget.js';
import { openaiModel } from '../../src/models/openai.js';
import type { StreamingLanguageModel } from '../../src/models/single-calls.js';
import type { Behaviour } from '../server/behaviour.js';
import { whileTimePasses } from '../server/passing-time.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

let names = 0;
async function budgeted(
  options: BudgetOptions,
  script: readonly Behaviour[] = [],
  stay = false,
): Promise<{
  model: StreamingLanguageModel;
  budget: Budget;
  asked: () => Promise<Readonly<Record<string, unknown>>[]>;
}> {
  const name = `budgeted-${++names}`;
  await server.control.script(name, script, { stay });
  const budget = new Budget(options);
  const plain = openaiModel({
    model: name,
    baseURL: server.baseURL,
    apiKey: 'k',
    likelihood: 'echo',
  });
  return {
    model: withBudget(plain, { budget }),
    budget,
    asked: async () => (await server.control.seen(name)).requests.map((one) => one.body),
  };
}

// At worst 32 tokens of template and 10 bytes read, 8 written: 50. In truth two words read, four written: 6.
const ask: GenerateRequest = { messages: [{ role: 'user', content: 'ten bytes!' }], maxTokens: 8 };

describe('a budget', () => {
  test('books what answers used and stops before it could be passed', async () => {
    const { model, budget, asked } = await budgeted({ maxTokens: 70 });
    const outcomes = await model.generate(Array(6).fill(ask));
    // 6 tokens each; the fifth may need 50 with 24 spent.
    expect(outcomes.map((one) => one.ok)).toEqual([true, true, true, true, false, false]);
    expect(await asked()).toHaveLength(4);
    expect(budget.spent).toEqual({ inputTokens: 8, outputTokens: 16, cost: 0 });
    const failed = outcomes[4];
    expect(failed?.ok === false && failed.error).toBeInstanceOf(BudgetExceededError);
    expect(failed?.ok === false && failed.error).toMatchObject({
      code: 'budget-exceeded',
      isRetryable: false,
    });
  });

  test('in money', async () => {
    const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };
    // At worst 42 + 16 = 58, in truth 2 + 8 = 10: the third may come to 78.
    const { model, budget } = await budgeted({ maxCost: 77, price });
    const outcomes = await model.generate(Array(4).fill(ask));
    expect(outcomes.filter((one) => one.ok)).toHaveLength(2);
    expect(budget.spent.cost).toBe(20);
  });

  test('calls that fit only without those in flight wait for them', async () => {
    const { model, asked } = await budgeted({ maxTokens: 80 }, [{ kind: 'answer', delayMs: 30 }], true);
    // Two at once may need 100; one after the other they fit.
    const outcomes = await Promise.all([model.generate([ask, ask]), model.generate([ask])]);
    expect(outcomes.flat().every((one) => one.ok)).toBe(true);
    expect(await asked()).toHaveLength(3);
  });

  test('sends a bound with requests that have none', async () => {
    const { model, asked } = await budgeted({ maxTokens: 5000 });
    await model.generate([{ messages: ask.messages }]);
    expect((await asked())[0]?.max_tokens).toBe(1024);
  });

  test('a refused call is free; one that may have been generated counts in full', async () => {
    const { model, budget } = await budgeted({ maxTokens: 1000 }, [
      { kind: 'status', status: 429 },
      { kind: 'hang' },
    ]);
    await model.generate([ask]);
    expect(budget.spent).toEqual({ inputTokens: 0, outputTokens: 0, cost: 0 });
    await whileTimePasses(server, () => model.generate([ask]));
    expect(budget.spent).toEqual({ inputTokens: 42, outputTokens: 8, cost: 0 });
  });

  test('streams and log-likelihoods draw on it too', async () => {
    const { model, budget } = await budgeted({ maxTokens: 100 });
    await model.stream(ask).result;
    expect(budget.spent.outputTokens).toBe(4);
    await model.logLikelihood?.([{ prompt: 'abc', continuation: ' d' }]);
    expect(budget.spent).toEqual({ inputTokens: 7, outputTokens: 5, cost: 0 });
    await expect(
      model.logLikelihood?.([{ prompt: 'a'.repeat(100), continuation: 'b' }]),
    ).rejects.toMatchObject({
      code: 'budget-exceeded',
    });
  });

  test('goes on from what was spent before', async () => {
    const { model } = await budgeted({ maxTokens: 100, spent: { inputTokens: 30, outputTokens: 30 } });
    expect((await model.generate([ask]))[0]?.ok).toBe(false);
  });

  test('is never passed, whatever the order in which calls begin and end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            worst: fc.nat(50),
            part: fc.double({ min: 0, max: 1, noNaN: true }),
            steps: fc.nat(5),
          }),
          {
            maxLength: 30,
          },
        ),
        fc.nat(200),
        async (calls, limit) => {
          const budget = new Budget({ maxOutputTokens: limit });
          let refused = 0;
          await Promise.all(
            calls.map(async ({ worst, part, steps }) => {
              try {
                const settle = await budget.reserve({ inputTokens: 0, outputTokens: worst });
                for (let n = 0; n < steps; n++) await Promise.resolve();
                settle({ inputTokens: 0, outputTokens: Math.floor(worst * part) });
              } catch (error) {
                expect(error).toBeInstanceOf(BudgetExceededError);
                refused++;
              }
              expect(budget.spent.outputTokens).toBeLessThanOrEqual(limit);
            }),
          );
          if (calls.reduce((sum, call) => sum + call.worst, 0) <= limit) expect(refused).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('refuses to be none', () => {
    expect(() => new Budget({})).toThrow(/maxCost/);
    expect(() => new Budget({ maxCost: 5 })).toThrow(/price/);
    expect(() => new Budget({ maxTokens: 5, maxtokens: 5 } as never)).toThrow(/"maxtokens"/);
  });
});

test('the dry run tells expected and worst cost without a call', () => {
  const price = { inputPerMillion: 1, outputPerMillion: 2 };
  expect(estimateCost([ask, { messages: ask.messages }], { price, defaultMaxTokens: 100 })).toEqual({
    requests: 2,
    // Ten bytes: three tokens expected, ten at worst.
    expected: { inputTokens: 70, outputTokens: 108, cost: (70 + 216) / 1e6 },
    worst: { inputTokens: 84, outputTokens: 108, cost: (84 + 216) / 1e6 },
  });
});
