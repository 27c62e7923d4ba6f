import { InvalidInputError, type TokenUsage } from '@palate/core';
import type { TokenPrice } from '@palate/llm';
import { count, money } from './estimates.js';
import { costOf } from './token-cost.js';

/** The error where no language model is named. */
export function noModel(): InvalidInputError {
  return new InvalidInputError({
    expected: 'a language model in PALATE_LLM',
    received: 'none',
    hint: 'For example PALATE_LLM=openai:gpt-4o-mini with OPENAI_API_KEY, or with OPENAI_BASE_URL the name of a local model.',
  });
}

/** Tokens and their price for people. */
export function spentInWords(spent: TokenUsage, price: TokenPrice | undefined): string {
  const cost = price ? ` (${money(costOf(spent, price))})` : '';
  return `${count(spent.inputTokens)} input and ${count(spent.outputTokens)} output tokens${cost}`;
}
