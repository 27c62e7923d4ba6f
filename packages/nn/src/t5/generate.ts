import {
  checkNumber,
  defineOptions,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  RandomStream,
  type SettingsOf,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { ForwardPass } from '../forward-pass.js';
import { padRows } from '../pad-rows.js';
import { BeamSearch } from './beam-search.js';
import { DecoderSteps } from './decoder-steps.js';
import type { GeneratedSequence } from './generated-sequence.js';
import { sampleToken } from './sample-token.js';
import type { EncodedInput, T5 } from './t5.js';

/**
 * Which tokens may follow a prefix: for trees of allowed sequences.
 *
 * @param prefix - tokens generated so far
 * @param input - which input is decoded
 * @returns the allowed tokens, at least one
 */
export type AllowedTokens = (prefix: readonly number[], input: number) => ArrayLike<number>;

/** Options of {@link generate}. */
export const GENERATE = defineOptions('generate', {
  maxTokens: option.integer({ min: 1 })({ default: 32, doc: 'most tokens to generate' }),
  beams: option.integer({ min: 1 })({ default: 1, doc: 'beams; 1 for greedy decoding or sampling' }),
  sequences: option.integer({ min: 1 })({
    default: 1,
    doc: 'sequences returned for each input, at most `beams`',
  }),
  lengthPenalty: option.number()({
    default: 1,
    doc: 'exponent of the length that beam scores are divided by: 1 as in HuggingFace, 0 for plain sums',
  }),
  sample: option.boolean()({ default: false, doc: 'draws tokens instead of taking the likeliest' }),
  temperature: option.number({ min: 1e-6 })({ default: 1, doc: 'divides scores before drawing' }),
  topK: option.integer({ min: 1 }).optional({ doc: 'draws among so many likeliest tokens only' }),
  topP: option.number({ min: 0, max: 1 }).optional({
    doc: 'draws among the likeliest tokens that together have this probability',
  }),
  allowed: option.function<AllowedTokens>().optional({ doc: 'bounds what may be generated' }),
});

/** Options of {@link generate}; {@link GENERATE} says what each does. */
export type GenerateOptions = OptionsOf<typeof GENERATE.declarations> & LongCallOptions;

type GenerateSettings = SettingsOf<typeof GENERATE.declarations> & LongCallOptions;

/**
 * Generates from a batch of inputs: greedily, by drawing, or by beam search.
 *
 * @param inputs - tokens of each input, without padding
 * @returns for each input its sequences, best first
 * @throws InvalidInputError for options that do not fit together, or an `allowed` that allows nothing
 */
export async function generate(
  model: T5,
  inputs: readonly (readonly number[])[],
  options: GenerateOptions = {},
): Promise<GeneratedSequence[][]> {
  const encode = (): EncodedInput => {
    const width = Math.max(1, ...inputs.map((input) => input.length));
    const { ids, present } = padRows(inputs, width, { padding: model.config.pad_token_id });
    const shape: [number, number] = [inputs.length, width];
    return model.encode(
      tf.tensor2d(ids, shape, 'int32'),
      tf.tensor2d(present, shape),
      ForwardPass.inference(),
    );
  };
  return generateEncoded(model, inputs.length, encode, options);
}

/**
 * Generates from inputs that the caller encodes, as {@link generate} does from tokens: for soft prompts and whole-word
 * embeddings.
 *
 * @param inputs - how many inputs there are
 * @param encode - gives their encoded form, one row an input; called once, within a tidy scope
 * @returns for each input its sequences, best first
 * @throws InvalidInputError for options that do not fit together, or an `allowed` that allows nothing
 */
export async function generateEncoded(
  model: T5,
  inputs: number,
  encode: () => EncodedInput,
  options: GenerateOptions = {},
): Promise<GeneratedSequence[][]> {
  const { signal, onProgress, seed } = options;
  const settings = { ...GENERATE.settings(options), signal, onProgress, seed };
  const { maxTokens, beams, sequences, sample } = settings;
  checkNumber('sequences', sequences, { max: beams });
  if (sample && beams > 1)
    throw new InvalidInputError({
      expected: 'either beams or sample',
      received: 'both',
      hint: 'Draw with one beam, or search without drawing.',
    });
  throwIfCancelled(signal, 'generating');
  if (inputs === 0) return [];
  const steps = tf.tidy(
    () => new DecoderSteps(model, encode(), beams, maxTokens) as never,
  ) as unknown as DecoderSteps;
  try {
    return beams > 1
      ? await search(model, steps, inputs, settings)
      : await follow(model, steps, inputs, settings);
  } finally {
    steps.dispose();
  }
}

/** Masks what is not allowed after each row's prefix, in place. */
function restrict(
  row: Float32Array,
  prefix: readonly number[],
  input: number,
  allowed: AllowedTokens | undefined,
): void {
  if (!allowed) return;
  const tokens = allowed(prefix, input);
  if (tokens.length === 0)
    throw new InvalidInputError({
      expected: 'at least one allowed token after every prefix',
      received: `none after [${prefix.join(', ')}]`,
      hint: 'Allow the end token where a sequence is complete.',
    });
  const kept = Array.from(tokens, (token) => [token, row[token] as number] as const);
  row.fill(Number.NEGATIVE_INFINITY);
  for (const [token, score] of kept) row[token] = score;
}

/** One token after the other, each the likeliest or drawn. */
async function follow(
  model: T5,
  steps: DecoderSteps,
  inputs: number,
  options: GenerateSettings,
): Promise<GeneratedSequence[][]> {
  const {
    eos_token_id: end,
    pad_token_id: pad,
    decoder_start_token_id: start,
    vocab_size: size,
  } = model.config;
  const { maxTokens } = options;
  const random = new RandomStream(options.seed ?? 0).fork('sample tokens');
  const streams = Array.from({ length: inputs }, (_, input) => random.fork(`input ${input}`));
  const tokens: number[][] = Array.from({ length: inputs }, () => []);
  const scores = new Float64Array(inputs);
  const done = new Uint8Array(inputs);
  const same = Int32Array.from({ length: inputs }, (_, row) => row);
  let fed = new Int32Array(inputs).fill(start);
  for (let step = 0; step < maxTokens && done.includes(0); step++) {
    await yieldToEventLoop(options.signal, 'generating');
    const logProbabilities = steps.next(fed, same);
    fed = new Int32Array(inputs).fill(pad);
    for (let row = 0; row < inputs; row++) {
      if (done[row]) continue;
      const own = logProbabilities.subarray(row * size, (row + 1) * size);
      const prefix = tokens[row] as number[];
      restrict(own, prefix, row, options.allowed);
      const token = sampleToken(own, options, options.sample ? (streams[row] as RandomStream) : undefined);
      scores[row]! += own[token] as number;
      prefix.push(token);
      fed[row] = token;
      if (token === end) done[row] = 1;
    }
    options.onProgress?.({ phase: 'generate', done: step + 1, total: maxTokens });
  }
  return tokens.map((list, row) => [{ tokens: list, score: scores[row] as number }]);
}

/** Several continuations of each input side by side, the likeliest kept. */
async function search(
  model: T5,
  steps: DecoderSteps,
  inputs: number,
  options: GenerateSettings,
): Promise<GeneratedSequence[][]> {
  const { eos_token_id: end, decoder_start_token_id: start, vocab_size: size } = model.config;
  const { beams, sequences, maxTokens } = options;
  const searches = Array.from({ length: inputs }, () => new BeamSearch(beams, end, options.lengthPenalty));
  let fed = new Int32Array(inputs * beams).fill(start);
  let parents = Int32Array.from({ length: inputs * beams }, (_, row) => row);
  for (let step = 0; step < maxTokens && searches.some((each) => !each.isDone); step++) {
    await yieldToEventLoop(options.signal, 'generating');
    const logProbabilities = steps.next(fed, parents);
    fed = fed.slice();
    parents = parents.slice();
    for (const [input, each] of searches.entries()) {
      const from = input * beams;
      if (!each.isDone) {
        const rows = Array.from({ length: beams }, (_, beam) =>
          logProbabilities.subarray((from + beam) * size, (from + beam + 1) * size),
        );
        for (const [beam, row] of rows.entries())
          if (each.isLive(beam)) restrict(row, each.prefix(beam), input, options.allowed);
        each.advance(rows, step + 1 === maxTokens);
      }
      for (let beam = 0; beam < beams; beam++) {
        fed[from + beam] = each.lastToken(beam, start);
        parents[from + beam] = from + each.parent(beam);
      }
    }
    options.onProgress?.({ phase: 'generate', done: step + 1, total: maxTokens });
  }
  return searches.map((each) => each.best(sequences));
}
