import {
  defineOptions,
  type GenerateRequest,
  type LanguageModel,
  type LikelihoodRequest,
  type OptionsOf,
  option,
} from '@palate/core';
import { estimateTokens, requestTokens } from '../models/count-tokens.js';
import { Gate } from '../models/gate.js';
import { ModelCallError } from '../models/model-error.js';
import { sharedController } from '../models/shared-signal.js';
import { inTurn, languageModel, type StreamingLanguageModel, singleCalls } from '../models/single-calls.js';
import { sleep } from '../models/sleep.js';

/** Options of {@link withLimits}. */
export const LIMITS = defineOptions(
  'withLimits',
  {
    concurrency: option.integer({ min: 1 }).optional({
      doc: 'most concurrent calls; left out: the model’s own recommendation',
    }),
    requestsPerMinute: option.number({ min: 1 }).optional({
      doc: 'most calls started within any 60 seconds; left out: no limit',
    }),
    tokensPerMinute: option.number({ min: 1 }).optional({
      doc: 'most input and output tokens of calls started within any 60 seconds; left out: no limit',
    }),
    countTokens: option.function<(text: string) => number>()({
      default: estimateTokens,
      defaultText: 'one token per four bytes',
      doc: 'counts the tokens of a text',
    }),
    defaultMaxTokens: option.integer({ min: 1 })({
      default: 1024,
      doc: 'output tokens assumed for requests without `maxTokens`',
    }),
  },
  [],
);

/** Options of {@link withLimits}; {@link LIMITS} says what each does. */
export type LimitOptions = OptionsOf<typeof LIMITS.declarations>;

const WINDOW_MS = 60_000;

/** An amount that was used at a time, for as long as the window shows it. */
interface Use {
  readonly time: number;
  amount: number;
  isPast: boolean;
}

/** Amounts used within the last minute; they may be corrected afterwards. */
class RateWindow {
  readonly #limit: number;
  #uses: Use[] = [];
  /** Those before are past; they are cut off now and then, not one by one. */
  #first = 0;
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Milliseconds until `amount` fits, if nothing changes. What exceeds the limit by itself fits into an empty window. */
  wait(amount: number, now: number): number {
    for (
      let use = this.#uses[this.#first];
      use && use.time <= now - WINDOW_MS;
      use = this.#uses[++this.#first]
    ) {
      use.isPast = true;
      this.#total -= use.amount;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#uses.length) {
      this.#uses = this.#uses.slice(this.#first);
      this.#first = 0;
    }
    let excess = this.#total + amount - this.#limit;
    let wait = 0;
    for (let at = this.#first; at < this.#uses.length && excess > 0; at++) {
      const use = this.#uses[at] as Use;
      excess -= use.amount;
      wait = use.time + WINDOW_MS - now;
    }
    return wait;
  }

  add(amount: number, time: number): Use {
    const use = { time, amount, isPast: false };
    this.#uses.push(use);
    this.#total += amount;
    return use;
  }

  correct(use: Use, amount: number): void {
    if (!use.isPast) this.#total += amount - use.amount;
    use.amount = amount;
  }
}

/**
 * Keeps calls within limits, first come, first served: at once, requests per minute, tokens per minute.
 *
 * The minute slides: no 60 seconds see more. Tokens are estimated (input and `maxTokens`) when a call begins
 * and corrected by the usage of its answer; every request that a call sends counts, also those that a server refused. A call of more tokens than the limit goes out alone. Put it inside
 * `withRetry`, so that repeated calls count too.
 */
export function withLimits(model: LanguageModel, options: LimitOptions): StreamingLanguageModel {
  const settings = LIMITS.settings(options);
  const { countTokens: count, defaultMaxTokens } = settings;
  const calls = singleCalls(model);
  const concurrency = settings.concurrency ?? calls.concurrency;
  const requests = new RateWindow(settings.requestsPerMinute ?? Number.POSITIVE_INFINITY);
  const tokens = new RateWindow(settings.tokensPerMinute ?? Number.POSITIVE_INFINITY);
  const slots = new Gate(concurrency);
  const turnstile = new Gate(1);
  let corrected = sharedController();

  async function limited<T>(
    amount: number,
    signal: AbortSignal | undefined,
    work: (further: (failed: unknown) => Promise<void>) => Promise<T>,
    used: (result: T) => number,
  ): Promise<T> {
    return slots.run(signal, async () => {
      const enter = (): Promise<Use> =>
        turnstile.run(signal, async () => {
          for (;;) {
            const now = performance.now();
            const wait = Math.max(requests.wait(1, now), tokens.wait(amount, now));
            if (wait <= 0) {
              requests.add(1, now);
              return tokens.add(amount, now);
            }
            await sleep(Math.ceil(wait), signal, corrected.signal);
          }
        });
      let entry = await enter();
      const correct = (value: number): void => {
        // A usage that is not a count corrects nothing: the estimate stays.
        if (!Number.isFinite(value) || value < 0) return;
        tokens.correct(entry, value);
        corrected.abort();
        corrected = sharedController();
      };
      try {
        const result = await work(async (failed) => {
          if (failed instanceof ModelCallError && failed.isUnbilled) correct(0);
          entry = await enter();
        });
        correct(used(result));
        return result;
      } catch (error) {
        if (error instanceof ModelCallError && error.isUnbilled) correct(0);
        throw error;
      }
    });
  }

  const { logLikelihood } = calls;
  return languageModel({
    ...calls,
    concurrency,
    generate(request: GenerateRequest, how) {
      const { inputTokens, outputTokens } = requestTokens(request, count, defaultMaxTokens);
      return limited(
        inputTokens + outputTokens,
        how.signal,
        (further) => calls.generate(request, { ...how, beforeFurther: inTurn(further, how) }),
        ({ usage }) => usage.inputTokens + usage.outputTokens,
      );
    },
    ...(logLikelihood && {
      logLikelihood(request: LikelihoodRequest, how) {
        const amount = count(request.prompt + request.continuation);
        return limited(
          amount,
          how.signal,
          (further) => logLikelihood.call(calls, request, { ...how, beforeFurther: inTurn(further, how) }),
          () => amount,
        );
      },
    }),
  });
}
