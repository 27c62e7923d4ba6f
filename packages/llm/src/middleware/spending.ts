import { checkNumber, option, type TokenUsage } from '@palate/core';

/** Price of a million tokens, in whatever currency the budget is in. */
export interface TokenPrice {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
}

const isPrice = (value: unknown): value is TokenPrice =>
  typeof value === 'object' && value !== null && 'inputPerMillion' in value && 'outputPerMillion' in value;

/** A price as an option: both numbers are checked. */
export const TOKEN_PRICE = option.value<TokenPrice>(
  'a price: { inputPerMillion, outputPerMillion }, each of at least 0',
  (value) => {
    if (!isPrice(value)) return false;
    for (const name of ['inputPerMillion', 'outputPerMillion'] as const)
      checkNumber(`price.${name}`, value[name], { min: 0 });
    return true;
  },
);

/** Tokens and what they cost. */
export interface Spending extends TokenUsage {
  /** In the currency of the price; 0 without one. */
  readonly cost: number;
}

/** Tokens with their cost. */
export function priced(usage: TokenUsage, price: TokenPrice | undefined): Spending {
  const { inputTokens, outputTokens } = usage;
  const cost = price
    ? (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1e6
    : 0;
  return { inputTokens, outputTokens, cost };
}

/** Adds tokens to tokens, or takes them away where `sign` is -1. */
export const add = (a: TokenUsage, b: TokenUsage, sign = 1): TokenUsage => ({
  inputTokens: a.inputTokens + sign * b.inputTokens,
  outputTokens: a.outputTokens + sign * b.outputTokens,
});
