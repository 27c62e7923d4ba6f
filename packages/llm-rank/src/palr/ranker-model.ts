import {
  type Batch,
  type BatchTensors,
  ForwardPass,
  FrozenGraphs,
  type Parameters,
  softmaxCrossEntropy,
  type T5,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { LocalRankerConfig } from './local-ranker-options.js';
import type { RankerMark, RankerVocabulary } from './ranker-vocabulary.js';

/** Longest parts of an input, in items. */
export const LENGTHS = {
  history: 20,
  candidates: 50,
  labels: 10,
  /** Of a retriever's list, for negatives. */ retrieved: 80,
} as const;

/** Marks of inputs without candidates. */
const MARKS = ['recommend', 'profile', 'history', 'end'] as const;
/** Marks of inputs with candidates. */
const CANDIDATE_MARKS = ['recommendRetrieval', 'profile', 'history', 'candidates', 'end'] as const;
/** Score of an item that may not be generated. */
const EXCLUDED = -1e9;
/** Numbers of rows scored at once, padded to so that few graphs serve all. */
const ROW_SIZES = [1, 8, 64, 256];

/** Request as the model is shown it. */
export interface RankerInput {
  readonly profile: string;
  readonly history: readonly number[];
  /** Candidates in the order shown; none to recommend from the catalogue. */
  readonly candidates: readonly number[];
}

/** Where a ranker stands before its first step. */
export interface RankerStart {
  readonly config: LocalRankerConfig;
  readonly vocabulary: RankerVocabulary;
  readonly t5: T5;
  /** Tells apart starts that the data, the options and the seed do not; empty where there are none. */
  readonly hash: string;
}

/** A T5 that reads profiles in words, and items and candidates as one token each, and writes items. */
export class RankerModel {
  readonly t5: T5;
  readonly #vocabulary: RankerVocabulary;
  #graphs: FrozenGraphs | undefined;

  constructor(vocabulary: RankerVocabulary, t5: T5) {
    this.#vocabulary = vocabulary;
    this.t5 = t5;
  }

  /** Says that the weights stay as they are from now on: then few inputs are scored in a session that holds them. */
  settle(): void {
    this.#graphs ??= new FrozenGraphs(this.parameters);
  }

  /** Frees weights and sessions. */
  dispose(): void {
    this.#graphs?.dispose();
    this.parameters.dispose();
  }

  get parameters(): Parameters {
    return this.t5.parameters;
  }

  /** Tokens of the longest input, with or without candidates. */
  #width(hasCandidates: boolean): number {
    const { marks, profileLength } = this.#vocabulary;
    const used: readonly RankerMark[] = hasCandidates ? CANDIDATE_MARKS : MARKS;
    return used.reduce(
      (sum, mark) => sum + marks[mark].length,
      profileLength + LENGTHS.history + (hasCandidates ? LENGTHS.candidates : 0),
    );
  }

  /** Writes the tokens of an input to a row of `ids`, and marks them. */
  #write(input: RankerInput, ids: Int32Array, present: Float32Array, from: number): void {
    const { marks, firstItem } = this.#vocabulary;
    const hasCandidates = input.candidates.length > 0;
    const tokens = [
      ...marks[hasCandidates ? 'recommendRetrieval' : 'recommend'],
      ...marks.profile,
      ...this.#vocabulary.profile(input.profile),
      ...marks.history,
      ...input.history.slice(-LENGTHS.history).map((item) => firstItem + item),
      ...(hasCandidates
        ? [
            ...marks.candidates,
            ...input.candidates.slice(0, LENGTHS.candidates).map((item) => firstItem + item),
          ]
        : []),
      ...marks.end,
    ];
    ids.set(tokens, from);
    present.fill(1, from, from + tokens.length);
  }

  /**
   * A batch of inputs of one kind with their labels. What may be chosen are the candidates or, without any, all items that
   * are not in the history; a label that came before is chosen already.
   */
  batch(inputs: readonly (RankerInput & { readonly labels: readonly number[] })[], rows: number): Batch {
    const hasCandidates = (inputs[0]?.candidates.length ?? 0) > 0;
    const width = this.#width(hasCandidates);
    const { labels: most } = LENGTHS;
    const choices = hasCandidates ? LENGTHS.candidates : this.#vocabulary.items.size;
    const ids = new Int32Array(rows * width);
    const present = new Float32Array(rows * width);
    const targets = new Int32Array(rows * most);
    const weights = new Float32Array(rows * most);
    const lowering = new Float32Array(rows * most * choices);
    // One column that nothing reads where there are no candidates: all batches hold the same names.
    const columns = hasCandidates ? choices : 1;
    const candidates = new Int32Array(rows * columns);
    for (const [row, input] of inputs.entries()) {
      this.#write(input, ids, present, row * width);
      const shown = input.candidates.slice(0, LENGTHS.candidates);
      const places = new Map(shown.map((item, at) => [item, at]));
      if (hasCandidates) candidates.set(shown, row * choices);
      const closed = new Float32Array(choices);
      if (hasCandidates) closed.fill(EXCLUDED, shown.length);
      else for (const item of input.history) closed[item] = EXCLUDED;
      const chosen = input.labels
        .slice(0, most)
        .flatMap((item) => (hasCandidates ? (places.get(item) ?? []) : item));
      for (const at of chosen) closed[at] = 0;
      for (const [k, at] of chosen.entries()) {
        targets[row * most + k] = at;
        // Nearer items weigh more, as ranks do in NDCG.
        weights[row * most + k] = 1 / Math.log2(k + 2);
        lowering.set(closed, (row * most + k) * choices);
        closed[at] = EXCLUDED;
      }
    }
    return {
      ids: { shape: [rows, width], values: ids },
      present: { shape: [rows, width], values: present },
      targets: { shape: [rows * most], values: targets },
      weights: { shape: [rows * most], values: weights },
      lowering: { shape: [rows, most, choices], values: lowering },
      candidates: { shape: [rows, columns], values: candidates },
    };
  }

  /** Vectors of the items that states are compared with, `[items, width]`. */
  #itemTable(): tf.Tensor2D {
    const { d_model, tie_word_embeddings } = this.t5.config;
    return tf.slice(
      this.parameters.get(
        tie_word_embeddings ? 'shared.weight' : 'lm_head.weight',
      ) as tf.Tensor as tf.Tensor2D,
      [this.#vocabulary.firstItem, 0],
      [this.#vocabulary.items.size, d_model],
    );
  }

  /** The state that the first of the answer is chosen by, `[rows, width]`. */
  #firstState(ids: tf.Tensor, present: tf.Tensor, pass: ForwardPass): tf.Tensor2D {
    const { d_model, decoder_start_token_id, scale_decoder_outputs } = this.t5.config;
    const encoded = this.t5.encode(ids, present, pass);
    // A column of start tokens of whatever height the batch has.
    const column = tf.mul(tf.slice(ids, [0, 0], [ids.shape[0] as number, 1]), tf.scalar(0, 'int32'));
    const start = tf.add(column, tf.scalar(decoder_start_token_id, 'int32'));
    const states = this.t5.decode(start, encoded, pass);
    return tf.reshape(scale_decoder_outputs ? tf.mul(states, d_model ** -0.5) : states, [
      -1,
      d_model,
    ]) as tf.Tensor2D;
  }

  /**
   * Mean negative log-likelihood of the labels' order in nats an item, by the scores that a ranking goes by: each is chosen
   * among what was not chosen before it (Plackett and Luce; ListMLE, Xia et al. 2008).
   */
  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { ids, present, targets, weights, lowering, candidates } = batch as Record<
      'ids' | 'present' | 'targets' | 'weights' | 'lowering' | 'candidates',
      tf.Tensor
    >;
    const state = this.#firstState(ids, present, pass);
    const table = this.#itemTable();
    const [rows, , choices] = lowering.shape as [number, number, number];
    const scores =
      candidates.shape[1] === choices
        ? tf.matMul(
            tf.reshape(tf.gather(table, tf.reshape(candidates, [-1]) as tf.Tensor1D), [rows, choices, -1]),
            tf.expandDims(state, 2),
          )
        : tf.matMul(state, table, false, true);
    const open = tf.add(tf.reshape(scores, [rows, 1, choices]), lowering);
    return softmaxCrossEntropy(
      tf.reshape(open, [-1, choices]) as tf.Tensor2D,
      targets as tf.Tensor1D,
      weights as tf.Tensor1D,
    );
  }

  /**
   * Scores of every item as the first of the answer.
   *
   * @param inputs - all with candidates, or all without
   * @returns row-major, one row of items an input
   */
  async score(inputs: readonly RankerInput[]): Promise<Float32Array> {
    const items = this.#vocabulary.items.size;
    const hasCandidates = (inputs[0]?.candidates.length ?? 0) > 0;
    const width = this.#width(hasCandidates);
    if (this.#graphs?.serves(inputs.length)) {
      const { scores } = this.#graphs.run(
        hasCandidates ? 'with candidates' : 'without candidates',
        {
          run: (tensors) => ({ scores: this.#firstScores(tensors) }),
          example: () => ({ ids: tf.zeros([1, width], 'int32'), present: tf.zeros([1, width]) }),
        },
        this.#written(inputs, inputs.length, width),
      );
      return scores as Float32Array;
    }
    const result = new Float32Array(inputs.length * items);
    const block = ROW_SIZES.at(-1) as number;
    for (let from = 0; from < inputs.length; from += block) {
      const chunk = inputs.slice(from, from + block);
      const rows = ROW_SIZES.find((size) => size >= chunk.length) as number;
      const { ids, present } = this.#written(chunk, rows, width);
      const scores = tf.tidy(() =>
        this.#firstScores({
          ids: tf.tensor2d(ids, [rows, width], 'int32'),
          present: tf.tensor2d(present, [rows, width]),
        }),
      );
      const values = await scores.data<'float32'>();
      scores.dispose();
      result.set(values.subarray(0, chunk.length * items), from * items);
    }
    return result;
  }

  /** Tokens of inputs, filled up to `rows` by repeating the first. */
  #written(
    inputs: readonly RankerInput[],
    rows: number,
    width: number,
  ): { readonly ids: Int32Array; readonly present: Float32Array } {
    const ids = new Int32Array(rows * width);
    const present = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++)
      this.#write(inputs[row] ?? (inputs[0] as RankerInput), ids, present, row * width);
    return { ids, present };
  }

  /** Scores of every item as the first of the answer, `[rows, items]`. */
  #firstScores({ ids, present }: { readonly ids: tf.Tensor; readonly present: tf.Tensor }): tf.Tensor {
    return tf.matMul(this.#firstState(ids, present, ForwardPass.inference()), this.#itemTable(), false, true);
  }
}
