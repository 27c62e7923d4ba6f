import {
  checkNumber,
  defineOptions,
  InvalidInputError,
  type OptionsOf,
  option,
  PalateError,
  type SettingsOf,
  type TokenUsage,
  throwIfCancelled,
} from '@palate/core';
import { sharedController } from '../models/shared-signal.js';
import { sleep } from '../models/sleep.js';
import { add, priced, type Spending, TOKEN_PRICE } from './spending.js';

const isUsage = (value: unknown): value is TokenUsage => {
  if (typeof value !== 'object' || value === null) return false;
  for (const name of ['inputTokens', 'outputTokens'] as const)
    checkNumber(`spent.${name}`, (value as Partial<TokenUsage>)[name], { min: 0 });
  return true;
};

const LIMIT = option.number({ min: 0 });

/** Options of {@link Budget}: at least one limit. */
export const BUDGET = defineOptions(
  'Budget',
  {
    maxInputTokens: LIMIT.optional({ doc: 'most tokens read' }),
    maxOutputTokens: LIMIT.optional({ doc: 'most tokens written' }),
    maxTokens: LIMIT.optional({ doc: 'most tokens read and written together' }),
    maxCost: LIMIT.optional({ doc: 'most money, in the currency of `price`, which it needs' }),
    price: TOKEN_PRICE.optional({ doc: 'what tokens cost' }),
    spent: option.value<TokenUsage>(
      'counts of tokens: { inputTokens, outputTokens }',
      isUsage,
    )({
      default: { inputTokens: 0, outputTokens: 0 },
      defaultText: 'nothing',
      doc: 'amount already spent, for example by an earlier process that this one resumes',
    }),
  },
  [],
);

/** Options of {@link Budget}; {@link BUDGET} says what each does. */
export type BudgetOptions = OptionsOf<typeof BUDGET.declarations>;

/** Limits of which a budget needs at least one. */
const LIMITS = ['maxInputTokens', 'maxOutputTokens', 'maxTokens', 'maxCost'] as const;

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

const LONGEST_TIMER_MS = 2_147_483_647;

/** An amount of tokens or money that is never passed. Share one among the models that draw on it. */
export class Budget {
  readonly #settings: SettingsOf<typeof BUDGET.declarations>;
  #spent: TokenUsage;
  #reserved: TokenUsage = { inputTokens: 0, outputTokens: 0 };
  #open = 0;
  #settled = sharedController();

  /** @throws InvalidInputError without any limit, or with `maxCost` but no `price` */
  constructor(options: BudgetOptions) {
    const settings = BUDGET.settings(options);
    if (
      LIMITS.every((name) => settings[name] === undefined) ||
      (settings.maxCost !== undefined && !settings.price)
    )
      throw new InvalidInputError({
        expected: `one of ${LIMITS.join(', ')}, and a price for maxCost`,
        received: Object.keys(options).join(', ') || 'neither',
        hint: 'Pass for example { maxCost: 5, price: { inputPerMillion: 0.15, outputPerMillion: 0.6 } }.',
      });
    this.#settings = settings;
    this.#spent = settings.spent;
  }

  /** Spending of the answers so far. */
  get spent(): Spending {
    return priced(this.#spent, this.#settings.price);
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
    const { maxInputTokens, maxOutputTokens, maxTokens, maxCost, price } = this.#settings;
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
