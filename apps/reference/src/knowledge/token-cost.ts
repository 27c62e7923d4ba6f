import type { TokenUsage } from '@palate/core';
import type { TokenPrice } from '@palate/llm';

/** Cost of tokens at a price. */
export const costOf = ({ inputTokens, outputTokens }: TokenUsage, price: TokenPrice): number =>
  (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1e6;
