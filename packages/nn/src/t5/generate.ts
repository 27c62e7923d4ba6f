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
import { BeamRows } from './beam-rows.js';
import { BeamSearch, type Continuations } from './beam-search.js';
import { DecoderSteps } from './decoder-steps.js';
import { columnsOf, OpenInputs, paddedTokens } from './decoding-sizes.js';
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
  sample: option.boolean()({ default: false, doc: 'samples tokens instead of taking the most likely' }),
  temperature: option.number({ min: 1e-6 })({ default: 1, doc: 'divides scores before sampling' }),
  topK: option.integer({ min: 1 }).optional({ doc: 'samples only from this many most likely tokens' }),
  topP: option.number({ min: 0, max: 1 }).optional({
    doc: 'samples from the most likely tokens that together have this probability',
  }),
  allowed: option.function<AllowedTokens>().optional({ doc: 'restricts what may be generated' }),
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
      hint: 'Sample with one beam, or search without sampling.',
    });
  throwIfCancelled(signal, 'generating');
  if (inputs === 0) return [];
  const steps = new DecoderSteps(model, encode, maxTokens);
  try {
    return beams > 1
      ? await search(model, steps, inputs, settings)
      : await follow(model, steps, inputs, settings);
  } finally {
    steps.dispose();
  }
}

/** Tokens allowed after a prefix. */
function allowedAfter(
  allowed: AllowedTokens,
  prefix: readonly number[],
  input: number,
  size: number,
): ArrayLike<number> {
  const tokens = allowed(prefix, input);
  if (tokens.length === 0)
    throw new InvalidInputError({
      expected: 'at least one allowed token after every prefix',
      received: `none after [${prefix.join(', ')}]`,
      hint: 'Allow the end token where a sequence is complete.',
    });
  for (let k = 0; k < tokens.length; k++)
    if (!((tokens[k] as number) >= 0 && (tokens[k] as number) < size))
      throw new InvalidInputError({
        expected: `allowed tokens from 0 to ${size - 1}`,
        received: String(tokens[k]),
        hint: 'Use the vocabulary of the model.',
      });
  return tokens;
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
  const { maxTokens, allowed, sample } = options;
  const random = new RandomStream(options.seed ?? 0).fork('sample tokens');
  const streams = Array.from({ length: inputs }, (_, input) => random.fork(`input ${input}`));
  const tokens: number[][] = Array.from({ length: inputs }, () => []);
  const scores = new Float64Array(inputs);
  const done = new Uint8Array(inputs);
  const open = new OpenInputs(steps, inputs);
  let fed = new Int32Array(inputs).fill(start);
  for (let step = 0; step < maxTokens && done.includes(0); step++) {
    await yieldToEventLoop(options.signal, 'generating');
    const before = open.narrow((input) => done[input] === 1);
    const parents = before && Int32Array.from(before);
    if (before) fed = Int32Array.from(before, (at) => fed[at] as number);
    // Without drawing the likeliest token is all that is asked of the vocabulary.
    const best = sample || allowed ? undefined : steps.nextBest(fed, parents, 1);
    const all = best ? undefined : steps.next(fed, parents);
    fed = new Int32Array(open.numbers.length).fill(pad);
    for (const [row, input] of open.numbers.entries()) {
      if (done[input]) continue;
      const prefix = tokens[input] as number[];
      let token: number;
      if (all) {
        const own = all.subarray(row * size, (row + 1) * size);
        if (allowed) {
          const kept = Array.from(
            allowedAfter(allowed, prefix, input, size),
            (each) => [each, own[each] as number] as const,
          );
          own.fill(Number.NEGATIVE_INFINITY);
          for (const [each, score] of kept) own[each] = score;
        }
        token = sampleToken(own, options, sample ? (streams[input] as RandomStream) : undefined);
        scores[input]! += own[token] as number;
      } else {
        token = best?.tokens[row] as number;
        scores[input]! += best?.scores[row] as number;
      }
      prefix.push(token);
      fed[row] = token;
      if (token === end) done[input] = 1;
    }
    options.onProgress?.({ phase: 'generate', done: step + 1, total: maxTokens });
  }
  return tokens.map((list, input) => [{ tokens: list, score: scores[input] as number }]);
}

/** Several continuations of each input side by side, the likeliest kept. */
async function search(
  model: T5,
  steps: DecoderSteps,
  inputs: number,
  options: GenerateSettings,
): Promise<GeneratedSequence[][]> {
  const { eos_token_id: end, decoder_start_token_id: start, vocab_size: size } = model.config;
  const { beams, sequences, maxTokens, allowed } = options;
  const searches = Array.from({ length: inputs }, () => new BeamSearch(beams, end, options.lengthPenalty));
  const beamRows = new BeamRows(steps, searches, beams, start);
  for (let step = 0; step < maxTokens && searches.some((each) => !each.isDone); step++) {
    await yieldToEventLoop(options.signal, 'generating');
    const { inputs: open, held, rows, tokens, parents } = beamRows.next();
    const continuations = continuationsOf(steps, tokens, parents, {
      count: Math.min(size, 2 * beams),
      wanted:
        allowed &&
        held.flatMap((each, at) =>
          Array.from({ length: each.isDone ? 0 : each.live }, (_, beam) => ({
            row: at * rows + beam,
            tokens: allowedAfter(allowed, each.prefix(beam), open[at] as number, size),
          })),
        ),
    });
    for (const [at, each] of held.entries())
      if (!each.isDone)
        each.advance(
          Array.from({ length: each.live }, (_, beam) => continuations(at * rows + beam)),
          step + 1 === maxTokens,
        );
    options.onProgress?.({ phase: 'generate', done: step + 1, total: maxTokens });
  }
  return searches.map((each) => each.best(sequences));
}

/** Finds the tokens that may follow each row: the likeliest of all, or the wanted ones. */
function continuationsOf(
  steps: DecoderSteps,
  fed: Int32Array,
  parents: Int32Array | undefined,
  {
    count,
    wanted,
  }: {
    readonly count: number;
    readonly wanted?: readonly { readonly row: number; readonly tokens: ArrayLike<number> }[] | undefined;
  },
): (row: number) => Continuations {
  if (!wanted) {
    const { tokens, scores } = steps.nextBest(fed, parents, count);
    return (row) => ({
      tokens: tokens.subarray(row * count, (row + 1) * count),
      scores: scores.subarray(row * count, (row + 1) * count),
    });
  }
  const union = paddedTokens(wanted.flatMap(({ tokens }) => Array.from(tokens)));
  const columns = columnsOf(union);
  const scores = steps.nextAmong(fed, parents, union, true);
  const byRow = new Map(wanted.map(({ row, tokens }) => [row, Int32Array.from(tokens).sort()]));
  return (row) => {
    const tokens = byRow.get(row) ?? new Int32Array(0);
    return {
      tokens,
      scores: Float32Array.from(
        tokens,
        (token) => scores[row * union.length + (columns[token] as number)] as number,
      ),
    };
  };
}
