import type { GenerateRequest, TokenUsage } from '@palate/core';

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. A byte-level tokenizer never makes more tokens of a text than it has bytes. */
export function mostTokens(text: string): number {
  return encoder.encode(text).length;
}

/** A rough count of tokens without a tokenizer: one for four bytes, about right for English. */
export function estimateTokens(text: string): number {
  return Math.ceil(mostTokens(text) / 4);
}

/** Tokens a chat template may add to a message, and to the conversation as a whole. */
const TEMPLATE_TOKENS = 16;

/**
 * Tokens that a request may read and write, counted by `count`.
 *
 * @param count - {@link mostTokens} for a bound, {@link estimateTokens} for a guess, or a real tokenizer's
 * @param defaultMaxTokens - output where the request sets no `maxTokens`
 */
export function requestTokens(
  request: GenerateRequest,
  count: (text: string) => number,
  defaultMaxTokens: number,
): TokenUsage {
  let inputTokens = TEMPLATE_TOKENS * (request.messages.length + 1);
  for (const message of request.messages) inputTokens += count(message.content);
  // Some servers get the schema in words, with a few of ours around it.
  if (request.schema) inputTokens += count(JSON.stringify(request.schema.jsonSchema)) + 256;
  return { inputTokens, outputTokens: request.maxTokens ?? defaultMaxTokens };
}
