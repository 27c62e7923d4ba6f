import { InvalidInputError, type TokenUsage } from '@palate/core';
import type { KnowledgeFailure } from '@palate/knowledge-augment';
import type { TokenPrice } from '@palate/llm';
import { count, money } from './estimates.js';

/** The error where no language model is named. */
export function noModel(): InvalidInputError {
  return new InvalidInputError({
    expected: 'a language model in PALATE_LLM',
    received: 'none',
    hint: 'For example PALATE_LLM=openai:gpt-4o-mini with OPENAI_API_KEY, or with OPENAI_BASE_URL the name of a local model.',
  });
}

/** Cost of tokens at a price. */
export const costOf = ({ inputTokens, outputTokens }: TokenUsage, price: TokenPrice): number =>
  (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1e6;

/** Tokens and their price for people. */
export function spentInWords(spent: TokenUsage, price: TokenPrice | undefined): string {
  const cost = price ? ` (${money(costOf(spent, price))})` : '';
  return `${count(spent.inputTokens)} tokens read and ${count(spent.outputTokens)} written${cost}`;
}

/** Failures by cause, the most frequent first, each with what was said of one. */
export function causesOf(failed: readonly Pick<KnowledgeFailure, 'code' | 'message'>[]) {
  const causes = new Map<string, { code: string; count: number; example: string }>();
  for (const { code, message } of failed) {
    const cause = causes.get(code) ?? { code, count: 0, example: message };
    cause.count++;
    causes.set(code, cause);
  }
  return [...causes.values()].sort((a, b) => b.count - a.count);
}
