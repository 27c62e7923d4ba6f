import {
  checkNumber,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  throwIfCancelled,
} from '@palate/core';
import { DecoderSteps } from './decoder-steps.js';
import type { EncodedInput, T5 } from './t5.js';
import type { TokenTrie } from './token-trie.js';
import { type FoundSequence, searchTrie } from './trie-search.js';

const NORMALISE = ['allowed', 'vocabulary'] as const;

/** Options of {@link generateAmong}. */
export const GENERATE_AMONG = defineOptions('generateAmong', {
  beams: option.integer({ min: 1 })({ default: 20, doc: 'prefixes followed at a time' }),
  sequences: option.integer({ min: 1 }).optional({
    doc: 'sequences returned for each input, at most `beams`; as many if left out',
  }),
  lengthPenalty: option.number()({
    default: 0,
    doc: 'exponent of the length that scores are divided by: 0 for plain log-probabilities, 1 as in HuggingFace',
  }),
  normalise: option.choice(NORMALISE)({
    default: 'allowed',
    doc: "tokens that the probabilities are normalised over: those that continue a sequence, without computing the others; or `'vocabulary'`: all, as in HuggingFace",
  }),
  exclude: option.value<readonly ArrayLike<number>[]>('lists of numbers', Array.isArray).optional({
    doc: 'for each input, the sequences to exclude, by number; they keep their share of the probability',
  }),
});

/** Options of {@link generateAmong}; {@link GENERATE_AMONG} says what each does. */
export type GenerateAmongOptions = OptionsOf<typeof GENERATE_AMONG.declarations> & LongCallOptions;

/**
 * Finds the likeliest of given sequences for a batch of inputs, such as ids of items, by beam search down their tree. Only
 * tokens that continue a sequence are scored, rows are decoded for live beams alone, and what a beam leaves no choice about
 * is not decoded.
 *
 * @param inputs - how many inputs there are
 * @param encode - gives their encoded form, one row an input; called once, within a tidy scope
 * @returns for each input the sequences found, best first, each once; fewer where there are fewer, or they are excluded
 */
export async function generateAmong(
  model: T5,
  inputs: number,
  encode: () => EncodedInput,
  trie: TokenTrie,
  options: GenerateAmongOptions = {},
): Promise<FoundSequence[][]> {
  const settings = GENERATE_AMONG.settings(options);
  const sequences = checkNumber('sequences', settings.sequences ?? settings.beams, { max: settings.beams });
  throwIfCancelled(options.signal, 'generating');
  if (inputs === 0) return [];
  const most = (trie.height[0] as number) + 1;
  const steps = new DecoderSteps(model, encode, most);
  try {
    return await searchTrie(steps, inputs, model.config.decoder_start_token_id, trie, {
      ...settings,
      sequences,
      signal: options.signal,
      onProgress: options.onProgress,
    });
  } finally {
    steps.dispose();
  }
}
