import {
  checkNumber,
  checkOptions,
  type Filled,
  type GenerateRequest,
  InvalidInputError,
  type LanguageModel,
  type LikelihoodRequest,
  PalateError,
  type TokenUsage,
  throwIfCancelled,
} from '@palate/core';
import { estimateTokens, mostTokens, requestTokens } from '../models/count-tokens.js';
import { ModelCallError } from '../models/model-error.js';
import { sharedController } from '../models/shared-signal.js';
import { languageModel, type StreamingLanguageModel, singleCalls } from '../models/single-calls.js';
import { sleep } from '../models/sleep.js';

/** Price of a million tokens, in whatever currency the budget is in. */
export interface TokenPrice {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
}

/** Tokens and what they cost. */
export interface Spending extends TokenUsage {
  /** In the currency of the price; 0 without one. */
  readonly cost: number;
}

/** Options of {@link Budget}: at least one limit. */
export interface BudgetOptions {
  readonly maxInputTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  /** Read and written together. */
  readonly maxTokens?: number | undefined;
  /** Needs `price`. */
  readonly maxCost?: number | undefined;
  readonly price?: TokenPrice | undefined;
  /** What was spent before, for example by the process that this one resumes. Default: nothing. */
  readonly spent?: TokenUsage | undefined;
}

/** A call that was not made because the budget might have been passed by it (`code: 'budget-exceeded'`). */
export class BudgetExceededError extends PalateError {
  constructor(what: string, spent: number, wanted: number, limit: number) {
    super('budget-exceeded', {
      expected: `to stay within ${limit} ${what}`,
      received: `a call that may need ${wanted} more, with ${spent} spent`,
      hint: 'Raise the budget, or lower maxTokens. The call was not made; nothing was spent on it.',
    });
    this.name = 'BudgetExceededError';
  }
}

function priced(usage: TokenUsage, price: TokenPrice | undefined): Spending {
  const { inputTokens, outputTokens } = usage;
  const cost = price
    ? (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1e6
    : 0;
  return { inputTokens, outputTokens, cost };
}

const add = (a: TokenUsage, b: TokenUsage, sign = 1): TokenUsage => ({
  inputTokens: a.inputTokens + sign * b.inputTokens,
  outputTokens: a.outputTokens + sign * b.outputTokens,
});

const LONGEST_TIMER_MS = 2_147_483_647;

/** An amount of tokens or money that is never passed. Share one among the models that draw on it. */
export class Budget {
  readonly #options: BudgetOptions;
  #spent: TokenUsage;
  #reserved: TokenUsage = { inputTokens: 0, outputTokens: 0 };
  #open = 0;
  #settled = sharedController();

  /** @throws InvalidInputError without any limit, or with `maxCost` but no `price` */
  constructor(options: BudgetOptions) {
    checkOptions('Budget', options, [
      'maxInputTokens',
      'maxOutputTokens',
      'maxTokens',
      'maxCost',
      'price',
      'spent',
    ]);
    const limits = ['maxInputTokens', 'maxOutputTokens', 'maxTokens', 'maxCost'] as const;
    for (const name of limits) if (options[name] !== undefined) checkNumber(name, options[name], { min: 0 });
    if (
      limits.every((name) => options[name] === undefined) ||
      (options.maxCost !== undefined && !options.price)
    )
      throw new InvalidInputError({
        expected: `one of ${limits.join(', ')}, and a price for maxCost`,
        received: Object.keys(options).join(', ') || 'neither',
        hint: 'Pass for example { maxCost: 5, price: { inputPerMillion: 0.15, outputPerMillion: 0.6 } }.',
      });
    this.#options = options;
    for (const name of ['inputTokens', 'outputTokens'] as const)
      if (options.spent) checkNumber(`spent.${name}`, options.spent[name], { min: 0 });
    this.#spent = options.spent ?? { inputTokens: 0, outputTokens: 0 };
  }

  /** What answers have used so far. */
  get spent(): Spending {
    return priced(this.#spent, this.#options.price);
  }

  /**
   * Sets aside what a call may use at worst, and gives the function that settles it with what it did use. If
   * it fits only without the reservations of calls in flight, waits for them.
   *
   * @throws BudgetExceededError if it does not fit even then
   */
  async reserve(worst: TokenUsage, signal?: AbortSignal): Promise<(used: TokenUsage) => void> {
    for (;;) {
      throwIfCancelled(signal, 'waiting for the budget');
      const alone = this.#passed(worst, this.#spent);
      if (alone) throw alone;
      if (!this.#passed(worst, add(this.#spent, this.#reserved))) break;
      await sleep(LONGEST_TIMER_MS, signal, this.#settled.signal);
    }
    this.#reserved = add(this.#reserved, worst);
    this.#open++;
    return (used) => {
      this.#open--;
      // With none open the sum is exactly nothing, whatever rounding did.
      this.#reserved =
        this.#open === 0 ? { inputTokens: 0, outputTokens: 0 } : add(this.#reserved, worst, -1);
      this.#spent = add(this.#spent, used);
      this.#settled.abort();
      this.#settled = sharedController();
    };
  }

  #passed(more: TokenUsage, taken: TokenUsage): BudgetExceededError | undefined {
    const { maxInputTokens, maxOutputTokens, maxTokens, maxCost, price } = this.#options;
    const [a, b] = [priced(taken, price), priced(more, price)];
    const checks: [string, number, number, number | undefined][] = [
      ['input tokens', a.inputTokens, b.inputTokens, maxInputTokens],
      ['output tokens', a.outputTokens, b.outputTokens, maxOutputTokens],
      ['tokens', a.inputTokens + a.outputTokens, b.inputTokens + b.outputTokens, maxTokens],
      ['units of money', a.cost, b.cost, maxCost],
    ];
    for (const [what, spent, wanted, limit] of checks)
      if (limit !== undefined && spent + wanted > limit)
        return new BudgetExceededError(what, spent, wanted, limit);
    return undefined;
  }
}

/** What an answer says it used; where that is no count (NaN, infinite, negative), what it may have used at worst. */
function checkedUsage(used: TokenUsage, worst: TokenUsage): TokenUsage {
  const checked = (name: keyof TokenUsage): number =>
    Number.isFinite(used[name]) && used[name] >= 0 ? used[name] : worst[name];
  return { inputTokens: checked('inputTokens'), outputTokens: checked('outputTokens') };
}

/** How the tokens of requests are reckoned. */
export interface TokenCounting {
  /** Upper bound of a text's tokens. Default: its bytes, which no byte-level tokenizer exceeds. */
  readonly countTokens?: ((text: string) => number) | undefined;
  /** `maxTokens` of requests that set none; sent with them, so that the bound holds. Default 1024. */
  readonly defaultMaxTokens?: number | undefined;
}

function checkCounting(
  where: string,
  options: TokenCounting,
  others: readonly string[],
): Filled<TokenCounting> {
  checkOptions(where, options, ['countTokens', 'defaultMaxTokens', ...others]);
  return {
    countTokens: options.countTokens ?? mostTokens,
    defaultMaxTokens: checkNumber('defaultMaxTokens', options.defaultMaxTokens ?? 1024, {
      min: 1,
      integer: true,
    }),
  };
}

/** Options of {@link withBudget}. */
export interface WithBudgetOptions extends TokenCounting {
  readonly budget: Budget;
}

/**
 * Makes only calls that the budget can bear at worst: the bound of input tokens and `maxTokens` are reserved
 * before a call, and what its answer used is booked after it. A call that failed is booked in full unless it
 * is sure that nothing was generated. Put it inside `withRetry`, so that repeated calls are reckoned too.
 */
export function withBudget(model: LanguageModel, options: WithBudgetOptions): StreamingLanguageModel {
  const { countTokens, defaultMaxTokens } = checkCounting('withBudget', options, ['budget']);
  const { budget } = options;
  const calls = singleCalls(model);
  const { logLikelihood } = calls;

  async function within<T>(
    worst: TokenUsage,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    used: (result: T) => TokenUsage,
  ): Promise<T> {
    const settle = await budget.reserve(worst, signal);
    let booked = worst;
    try {
      const result = await work();
      booked = checkedUsage(used(result), worst);
      return result;
    } catch (error) {
      if (error instanceof ModelCallError && error.isUnbilled) booked = { inputTokens: 0, outputTokens: 0 };
      throw error;
    } finally {
      settle(booked);
    }
  }

  return languageModel({
    ...calls,
    generate(request: GenerateRequest, how) {
      const bounded = { ...request, maxTokens: request.maxTokens ?? defaultMaxTokens };
      const worst = requestTokens(bounded, countTokens, defaultMaxTokens);
      return within(
        worst,
        how.signal,
        () => calls.generate(bounded, how),
        (result) => result.usage,
      );
    },
    ...(logLikelihood && {
      logLikelihood(request: LikelihoodRequest, how) {
        // The answer tells the continuation's tokens alone: the bound is what gets booked.
        const worst = { inputTokens: countTokens(request.prompt + request.continuation), outputTokens: 1 };
        return within(
          worst,
          how.signal,
          () => logLikelihood.call(calls, request, how),
          () => worst,
        );
      },
    }),
  });
}

/** What requests would cost. */
export interface CostEstimate {
  readonly requests: number;
  /** Input at one token for four bytes; output at `maxTokens`, hence still on the high side. */
  readonly expected: Spending;
  /** What they cannot exceed. */
  readonly worst: Spending;
}

/**
 * Reckons what requests would cost, without making a call: the dry run before a job. Leave out those that a
 * cache holds (`AnswerCache.has`).
 */
export function estimateCost(
  requests: readonly GenerateRequest[],
  options: TokenCounting & { readonly price?: TokenPrice } = {},
): CostEstimate {
  const { countTokens, defaultMaxTokens } = checkCounting('estimateCost', options, ['price']);
  let expected: TokenUsage = { inputTokens: 0, outputTokens: 0 };
  let worst = expected;
  for (const request of requests) {
    expected = add(expected, requestTokens(request, options.countTokens ?? estimateTokens, defaultMaxTokens));
    worst = add(worst, requestTokens(request, countTokens, defaultMaxTokens));
  }
  return {
    requests: requests.length,
    expected: priced(expected, options.price),
    worst: priced(worst, options.price),
  };
}
