import { checkNumber, checkOptions, type Filled } from '@palate/core';
import { mostTokens } from '../models/count-tokens.js';

/** How the tokens of requests are reckoned. */
export interface TokenCounting {
  /** Upper bound of a text's tokens. Default: its bytes, which no byte-level tokenizer exceeds. */
  readonly countTokens?: ((text: string) => number) | undefined;
  /** `maxTokens` of requests that set none; sent with them, so that the bound holds. Default 1024. */
  readonly defaultMaxTokens?: number | undefined;
}

/** Checks the options of counting with those of `where`, and fills in defaults. */
export function checkCounting(
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
