import { defineOptions, type OptionsOf, option } from '@palate/core';
import { mostTokens } from '../models/count-tokens.js';

/** Options of {@link TokenCounting}, to be spread into those of a function that bounds the tokens of requests. */
export const TOKEN_COUNTING = defineOptions(
  'the counting of tokens',
  {
    countTokens: option.function<(text: string) => number>()({
      default: mostTokens,
      defaultText: 'its bytes, an upper bound for any byte-level tokenizer',
      doc: "upper bound of a text's tokens",
    }),
    defaultMaxTokens: option.integer({ min: 1 })({
      default: 1024,
      doc: '`maxTokens` of requests that set none; sent along, so that the bound holds',
    }),
  },
  [],
);

/** How the tokens of requests are counted; {@link TOKEN_COUNTING} says what each option does. */
export type TokenCounting = OptionsOf<typeof TOKEN_COUNTING.declarations>;
