import { type Dataset, type RandomStream, topK } from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  batchByLength,
  bucketLengths,
  DecoderSteps,
  type EncodedInput,
  ForwardPass,
  labelColumns,
  type Parameters,
  padRows,
  sequenceLoss,
  T5,
  type TextPairs,
  t5Config,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { EdgeTargets } from './edge-targets.js';
import type { IdHistory, IdModel, IdSteps } from './id-model.js';
import type { TigerConfig } from './tiger-options.js';
import { userToken } from './user-token.js';

/** Padding, which also starts the decoder, and the end token of T5, which IDs of fixed length do not need. */
const SPECIAL_TOKENS = 2;
/** Width of an attention head. */
const HEAD = 64;
/**
 * Bytes that the keys, values and scores of a search take, roughly: five histories of fifty beams in the paper's model.
 * A search uses about ten times as much while it computes; more would not be faster.
 */
const SEARCH_BYTES = 2 ** 25;

/**
 * TIGER as published: a T5 that reads a user token and the codes of up to 20 items, one token each, and writes the
 * codes of the next item. Codes of different levels are different tokens.
 */
export class FaithfulModel implements IdModel {
  readonly sharesWithUnseen = true;
  readonly searchRows: number;
  readonly #t5: T5;
  readonly #ids: SemanticIds;
  readonly #config: TigerConfig;

  constructor(ids: SemanticIds, config: TigerConfig, seed: number) {
    this.#ids = ids;
    this.#config = config;
    this.#t5 = new T5(
      t5Config(
        {
          vocab_size: SPECIAL_TOKENS + ids.depth * ids.size + config.userTokens,
          d_model: config.dimension,
          d_kv: HEAD,
          d_ff: config.inner,
          num_layers: config.blocks,
          num_heads: config.heads,
          dropout_rate: config.dropout,
          feed_forward_proj: 'relu',
        },
        'TIGER',
      ),
      seed,
    );
    // A row keeps keys and values of every layer and code, copied when beams move, and scores of all tokens.
    const kept = 2 * 2 * config.blocks * config.heads * HEAD * ids.depth + 2 * this.#t5.config.vocab_size;
    this.searchRows = Math.max(1, Math.floor(SEARCH_BYTES / (4 * kept)));
  }

  /** Shapes of weights that say how large a saved model is. */
  static leadingShapes(ids: SemanticIds, config: TigerConfig): Record<string, readonly number[]> {
    const { dimension, blocks, heads, inner, userTokens } = config;
    const last = `encoder.block.${blocks - 1}.layer`;
    return {
      'shared.weight': [SPECIAL_TOKENS + ids.depth * ids.size + userTokens, dimension],
      [`${last}.0.SelfAttention.q.weight`]: [heads * HEAD, dimension],
      [`${last}.1.DenseReluDense.wi.weight`]: [inner, dimension],
    };
  }

  get parameters(): Parameters {
    return this.#t5.parameters;
  }

  #token(level: number, code: number): number {
    return SPECIAL_TOKENS + level * this.#ids.size + code;
  }

  /** Tokens of a history: its user, where users have tokens, and the codes of its newest items. */
  #tokens({ items, user }: IdHistory): number[] {
    const { maxLength, userTokens } = this.#config;
    const { depth, size, tuples } = this.#ids;
    const tokens: number[] = [];
    if (userTokens > 0 && user !== undefined)
      tokens.push(SPECIAL_TOKENS + depth * size + userToken(user, userTokens));
    for (let i = Math.max(0, items.length - maxLength); i < items.length; i++)
      for (let level = 0; level < depth; level++)
        tokens.push(this.#token(level, tuples[items[i]! * depth + level]!));
    return tokens;
  }

  /** Longest input, in tokens. */
  get #longest(): number {
    return this.#config.maxLength * this.#ids.depth + 1;
  }

  batches({ log }: Dataset, random: RandomStream, edges?: EdgeTargets): (() => Batch)[] {
    const { batchSize, maxLength } = this.#config;
    const { depth, tuples } = this.#ids;
    // One sample a position: everything before it is the history.
    const samples: { readonly user: number; readonly at: number }[] = [];
    for (let user = 0; user < log.users.size; user++)
      for (let at = 1; at < log.history(user).length; at++) samples.push({ user, at });
    const lengths = Int32Array.from(samples, ({ at }) => Math.min(at, maxLength));
    return batchByLength(lengths, batchSize, bucketLengths(maxLength), random.fork('order')).map(
      ({ length, rows }, index) =>
        () => {
          const draws = random.fork(`edges ${index}`);
          const width = length * depth + 1;
          const histories: number[][] = [];
          const labels = new Int32Array(batchSize * depth);
          const labelWeights = new Float32Array(batchSize * depth);
          for (const [k, row] of rows.entries()) {
            const { user, at } = samples[row] as (typeof samples)[number];
            const history = log.history(user);
            histories.push(this.#tokens({ items: history.subarray(0, at), user: log.users.idOf(user) }));
            const target = edges ? edges.draw(history[at]!, draws) : history[at]!;
            for (let level = 0; level < depth; level++)
              labels[k * depth + level] = this.#token(level, tuples[target * depth + level]!);
            labelWeights.fill(1, k * depth, (k + 1) * depth);
          }
          const { ids: inputIds, present } = padRows(histories, width, { count: batchSize });
          return {
            inputIds: { shape: [batchSize, width], values: inputIds },
            present: { shape: [batchSize, width], values: present },
            ...labelColumns(this.#t5, { ids: labels, present: labelWeights }, depth),
          };
        },
    );
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    return sequenceLoss(this.#t5, batch as TextPairs, pass);
  }

  /** The tokens of a level's codes. */
  #tokensOf(level: number): Int32Array {
    return Int32Array.from({ length: this.#ids.size }, (_, code) => this.#token(level, code));
  }

  /** Encodes histories and gets ready to decode IDs that continue them. */
  #decoder(histories: readonly IdHistory[]): DecoderSteps {
    const tokens = histories.map((history) => this.#tokens(history));
    const longest = Math.max(1, ...tokens.map((row) => row.length));
    // Few lengths, so that few graphs serve all.
    const length = bucketLengths(this.#longest, 2).find((each) => each >= longest) ?? longest;
    const { ids, present } = padRows(tokens, length);
    // Nothing is known: the padding token itself is read, since attention needs something to look at.
    for (const [row, own] of tokens.entries()) if (own.length === 0) present[row * length] = 1;
    const encode = (): EncodedInput =>
      this.#t5.encode(
        tf.tensor2d(ids, [histories.length, length], 'int32'),
        tf.tensor2d(present, [histories.length, length]),
        ForwardPass.inference(),
      );
    return new DecoderSteps(this.#t5, encode, this.#ids.depth);
  }

  start(histories: readonly IdHistory[], width: number): IdSteps {
    const { trie, size } = this.#ids;
    const steps = this.#decoder(histories);
    let level = 0;
    /** Where the rows of the call before lie among the decoder's: one a history at first. */
    let slots = Int32Array.from(histories.keys());
    let rowsBefore = 1;
    const read = (fed: Int32Array, order: Int32Array | undefined, nodes: Int32Array): Float32Array => {
      const log = steps.nextAmong(fed, order, this.#tokensOf(level), true);
      const logChances = new Float32Array(trie.countChildren(nodes));
      let at = 0;
      for (const [row, node] of nodes.entries()) {
        const from = trie.childFrom[node]!;
        for (let child = from; child < from + trie.childCount[node]!; child++)
          logChances[at++] = log[slots[row]! * size + trie.code[child]!]!;
      }
      level++;
      return logChances;
    };
    return {
      next: (parents, nodes) => {
        if (!parents || !nodes)
          return read(
            new Int32Array(histories.length).fill(this.#t5.config.decoder_start_token_id),
            undefined,
            new Int32Array(histories.length),
          );
        const rows = histories.length * width;
        const order = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / width) * rowsBefore);
        const fed = new Int32Array(rows);
        const next = new Int32Array(nodes.length);
        const used = new Int32Array(histories.length);
        for (let row = 0; row < nodes.length; row++) {
          const parent = slots[parents[row]!]!;
          const history = Math.floor(parent / rowsBefore);
          const slot = history * width + used[history]!++;
          next[row] = slot;
          order[slot] = parent;
          fed[slot] = this.#token(level - 1, trie.code[nodes[row]!]!);
        }
        slots = next;
        rowsBefore = width;
        return read(fed, order, nodes);
      },
      dispose: () => steps.dispose(),
    };
  }

  /**
   * Beam search over all codes of each level, whether an ID goes on with them or not.
   *
   * @param pause - called between levels: others have their turn, and a cancellation rejects
   * @returns for each history `width` tuples with their log-probabilities, best first
   */
  async searchFreely(
    histories: readonly IdHistory[],
    width: number,
    pause: () => Promise<void>,
  ): Promise<{ readonly tuple: readonly number[]; readonly score: number }[][]> {
    const { depth, size } = this.#ids;
    const steps = this.#decoder(histories);
    try {
      let beams = histories.map(() => [{ tuple: [] as readonly number[], score: 0, slot: 0 }]);
      let fed = new Int32Array(histories.length * width).fill(this.#t5.config.decoder_start_token_id);
      let order = Int32Array.from(fed.keys());
      for (let level = 0; level < depth; level++) {
        await pause();
        const log = steps.nextAmong(fed, level === 0 ? undefined : order, this.#tokensOf(level), true);
        beams = beams.map((own, history) => {
          const scores = new Float32Array(own.length * size);
          for (const [k, { score, slot }] of own.entries()) {
            const from = (history * width + slot) * size;
            for (let code = 0; code < size; code++) scores[k * size + code] = score + log[from + code]!;
          }
          return topK(scores, width).map(({ item, score }) => {
            const { tuple, slot } = own[Math.floor(item / size)] as (typeof own)[number];
            return { tuple: [...tuple, item % size], score, slot };
          });
        });
        fed = fed.slice();
        order = order.slice();
        for (const [history, own] of beams.entries())
          for (const [slot, beam] of own.entries()) {
            order[history * width + slot] = history * width + beam.slot;
            fed[history * width + slot] = this.#token(level, beam.tuple[level]!);
          }
        beams = beams.map((own) => own.map((beam, slot) => ({ ...beam, slot })));
      }
      return beams;
    } finally {
      steps.dispose();
    }
  }

  settle(): void {}

  dispose(): void {
    this.parameters.dispose();
  }
}
