import type { Dataset, RandomStream } from '@palate/core';
import {
  applyBlocks,
  type Batch,
  type BatchTensors,
  causalMask,
  Dense,
  Embedding,
  ForwardPass,
  LayerNorm,
  Parameters,
  paddingMask,
  TransformerBlock,
  zeros,
} from '@palate/nn';
import { compile, sparseCrossEntropy } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { EdgeTargets } from './edge-targets.js';
import { efficientBatches, readHistories } from './efficient-rows.js';
import { computed, EfficientSteps, paddedRows, type SearchStep } from './efficient-steps.js';
import type { IdHistory, IdModel, IdSteps, SearchAtOnce } from './id-model.js';
import type { TigerConfig } from './tiger-options.js';
import type { UnseenItems } from './unseen-items.js';
import { WholeSearch } from './whole-search.js';

/** Score of a code that no ID goes on with. */
const CLOSED = -1e9;

/** Vectors that a level of the tree adds to the state on the way down. */
interface Descent {
  readonly norm: LayerNorm;
  readonly inner: Dense;
  readonly outer: Dense;
}

/**
 * A causal transformer over items, each shown as the sum of its codes' vectors, and a small network that goes down the
 * tree of IDs: the state at a node scores the codes that exist below it, and takes the vector of the one that was
 * chosen. Every position of a sequence is a target, and a position costs four softmaxes over the codes of a level.
 */
export class EfficientModel implements IdModel {
  readonly parameters = new Parameters();
  readonly sharesWithUnseen = false;
  readonly searchRows = 8192;
  readonly #ids: SemanticIds;
  readonly #config: TigerConfig;
  readonly #codes: Embedding;
  readonly #prefixes: tf.Variable | undefined;
  /** Weights of a state's entries at a prefix. */
  readonly #gates: tf.Variable | undefined;
  readonly #positions: Embedding;
  /** A vector for each token that users are hashed onto; the row after them is of users without one, and stays 0. */
  readonly #users: tf.Variable | undefined;
  readonly #blocks: readonly TransformerBlock[];
  readonly #norm: LayerNorm;
  readonly #descents: readonly Descent[];
  /** Code number, level by level, on the way to each item: `[items, depth]` of `level * size + code`. */
  readonly #itemCodes: tf.Tensor2D;
  /** Nodes on the way to each item, `[items, depth]`. */
  readonly #itemNodes: tf.Tensor2D;
  /**
   * True for codes that go on from an inner node in training, `[inner nodes, size]`. Those that lead only to items
   * without interactions are left out: what is never right is not unlearned.
   */
  readonly #open: tf.Tensor2D;
  readonly #unseen: UnseenItems;
  readonly #encoders = new Map<number, SearchStep>();
  readonly #descenders: readonly SearchStep[];
  atOnce: SearchAtOnce | undefined;
  #whole: WholeSearch | undefined;

  /** @param unseen - items without interactions, which training leaves alone */
  constructor(ids: SemanticIds, config: TigerConfig, random: RandomStream, unseen: UnseenItems) {
    const { dimension, blocks, heads, inner, maxLength, dropout } = config;
    const { trie, depth, size } = ids;
    this.#ids = ids;
    this.#config = config;
    this.#unseen = unseen;
    this.#codes = new Embedding(this.parameters, 'codes', depth * size, dimension, random, dimension ** -0.5);
    this.#prefixes = config.prefixVectors
      ? this.parameters.add('prefixes', [trie.nodeCount, dimension], zeros, random)
      : undefined;
    this.#gates = config.prefixVectors
      ? this.parameters.add('gates', [trie.levelFrom[depth]!, dimension], zeros, random)
      : undefined;
    this.#positions = new Embedding(this.parameters, 'positions', maxLength, dimension, random, 0.1);
    this.#users =
      config.userTokens > 0
        ? this.parameters.add('users', [config.userTokens + 1, dimension], zeros, random)
        : undefined;
    this.#blocks = Array.from(
      { length: blocks },
      (_, k) =>
        new TransformerBlock(this.parameters, `block-${k + 1}`, random, {
          width: dimension,
          heads,
          inner,
          dropout,
          activation: 'gelu',
          norm: 'pre',
        }),
    );
    this.#norm = new LayerNorm(this.parameters, 'norm', dimension, random);
    this.#descents = Array.from({ length: depth - 1 }, (_, k) => ({
      norm: new LayerNorm(this.parameters, `descent-${k + 1}.norm`, dimension, random),
      inner: new Dense(this.parameters, `descent-${k + 1}.inner`, dimension, 4 * dimension, random),
      outer: new Dense(this.parameters, `descent-${k + 1}.outer`, 4 * dimension, dimension, random, {
        deviation: 0.02,
      }),
    }));
    const innerNodes = trie.levelFrom[depth]!;
    const open = new Uint8Array(innerNodes * size);
    for (let node = 1; node < trie.nodeCount; node++)
      open[trie.parent[node]! * size + trie.code[node]!] = unseen.isSeen[node]!;
    const codes = ids.tuples.map((code, at) => (at % depth) * size + code);
    this.#itemCodes = this.parameters.hold(tf.tensor2d(codes, [ids.items.size, depth], 'int32'));
    this.#itemNodes = this.parameters.hold(tf.tensor2d(trie.path, [ids.items.size, depth], 'int32'));
    this.#open = this.parameters.hold(tf.tensor2d(open, [innerNodes, size], 'bool'));
    this.#descenders = this.#descents.map((_, level) =>
      this.#step(level + 1, (states, codes, nodes) =>
        this.#descend(
          states as tf.Tensor,
          codes as tf.Tensor,
          nodes as tf.Tensor,
          level,
          ForwardPass.inference(),
        ),
      ),
    );
  }

  /** Shapes of weights that say how large a saved model is. */
  static leadingShapes(ids: SemanticIds, config: TigerConfig): Record<string, readonly number[]> {
    const { dimension, blocks, inner, maxLength, userTokens, prefixVectors } = config;
    return {
      'codes.table': [ids.depth * ids.size, dimension],
      'positions.table': [maxLength, dimension],
      [`block-${blocks}.feed-forward.inner.kernel`]: [dimension, inner],
      ...(userTokens > 0 ? { users: [userTokens + 1, dimension] } : {}),
      ...(prefixVectors ? { prefixes: [ids.trie.nodeCount, dimension] } : {}),
    };
  }

  /** Vectors of items, `[…items, dimension]`. */
  #embed(items: tf.Tensor): tf.Tensor {
    const codes = tf.sum(this.#codes.apply(tf.gather(this.#itemCodes as tf.Tensor, items)), -2);
    if (!this.#prefixes) return codes;
    const nodes = tf.gather(this.#itemNodes as tf.Tensor, items);
    return tf.add(codes, tf.sum(tf.gather(this.#prefixes as tf.Tensor, nodes), -2));
  }

  /** Vectors of a batch's items, `[batch, length, dimension]`, with their user's where users have tokens. */
  #show(shown: tf.Tensor, users: tf.Tensor): tf.Tensor {
    if (!this.#users) return shown;
    return tf.add(shown, tf.expandDims(tf.gather(this.#users as tf.Tensor, users), 1));
  }

  /**
   * States after each position, `[batch, length, dimension]`, or after the newest alone, `[batch, 1, dimension]`.
   *
   * @param vectors - of the items, `[batch, length, dimension]`
   */
  #encode(
    vectors: tf.Tensor,
    present: tf.Tensor,
    users: tf.Tensor,
    pass: ForwardPass,
    only?: 'newest',
  ): tf.Tensor {
    const { dimension, maxLength, dropout } = this.#config;
    const length = vectors.shape[1] as number;
    const positions = tf.slice(
      this.#positions.table as tf.Tensor as tf.Tensor2D,
      [maxLength - length, 0],
      [length, dimension],
    );
    // The sum of `depth` vectors is brought to the scale that one item vector has in SASRec.
    const scale = Math.sqrt(dimension / this.#ids.depth);
    const shown = tf.mul(
      tf.add(tf.mul(this.#show(vectors, users), scale), positions),
      tf.expandDims(present, -1),
    );
    const hidden = paddingMask(present);
    const mask = tf.add(hidden, causalMask(length));
    const x = pass.dropout(shown, dropout);
    return this.#norm.apply(applyBlocks(this.#blocks, x, pass, mask, only && hidden));
  }

  /** Scores of a level's open codes from states `[rows, dimension]` at nodes `[rows]`. */
  #logits(states: tf.Tensor, nodes: tf.Tensor1D, level: number): tf.Tensor2D {
    return tf.where(
      tf.gather(this.#open as tf.Tensor2D, nodes),
      tf.matMul(states as tf.Tensor2D, this.#level(level), false, true),
      tf.scalar(CLOSED),
    ) as tf.Tensor2D;
  }

  /** States after a code was chosen: `nodes` are where it leads, `codes` its numbers. */
  #descend(
    states: tf.Tensor,
    codes: tf.Tensor,
    nodes: tf.Tensor,
    level: number,
    pass: ForwardPass,
  ): tf.Tensor {
    return this.#arrive(states, this.#arrivals(codes, nodes), level, pass);
  }

  /** Summand of the states in {@link EfficientModel.#arrive}, and their weight where prefixes have vectors. */
  #arrivals(codes: tf.Tensor, nodes: tf.Tensor): tf.Tensor[] {
    const scale = Math.sqrt(this.#config.dimension);
    const shown = tf.mul(this.#codes.apply(codes), scale);
    if (!this.#prefixes || !this.#gates) return [shown];
    return [
      tf.add(shown, tf.mul(tf.gather(this.#prefixes as tf.Tensor, nodes), scale)),
      tf.add(tf.gather(this.#gates as tf.Tensor, nodes), 1),
    ];
  }

  /** States at nodes, from those of their parents. */
  #arrive(
    states: tf.Tensor,
    [shown, gate]: readonly tf.Tensor[],
    level: number,
    pass: ForwardPass,
  ): tf.Tensor {
    const { norm, inner, outer } = this.#descents[level] as Descent;
    const x = tf.add(states, shown as tf.Tensor);
    const moved = outer.apply(pass.dropout(tf.relu(inner.apply(norm.apply(x))), this.#config.dropout));
    return tf.add(gate ? tf.mul(states, gate) : states, moved);
  }

  batches(dataset: Dataset, random: RandomStream, edges?: EdgeTargets): (() => Batch)[] {
    return efficientBatches(dataset, this.#config, random, edges);
  }

  /** Mean negative log-likelihood of the next items' IDs, in nats an item. */
  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { items, present, users, targets } = batch as Record<
      'items' | 'present' | 'users' | 'targets',
      tf.Tensor
    >;
    const { depth, size } = this.#ids;
    const weights = tf.reshape(present, [-1]);
    let states = tf.reshape(this.#encode(this.#embed(items), present, users, pass), [
      -1,
      this.#config.dimension,
    ]);
    const codes = tf.unstack(tf.gather(this.#itemCodes as tf.Tensor, targets), 1) as tf.Tensor1D[];
    const nodes = tf.unstack(tf.gather(this.#itemNodes as tf.Tensor, targets), 1) as tf.Tensor1D[];
    let nats: tf.Tensor = tf.zerosLike(weights);
    for (let level = 0; level < depth; level++) {
      const own = codes[level] as tf.Tensor1D;
      const above = level === 0 ? (tf.zerosLike(own) as tf.Tensor1D) : (nodes[level - 1] as tf.Tensor1D);
      const logits = this.#logits(states, above, level);
      nats = tf.add(
        nats,
        sparseCrossEntropy(logits, tf.sub(own, tf.scalar(level * size, 'int32')) as tf.Tensor1D),
      );
      if (level < depth - 1) states = this.#descend(states, own, nodes[level] as tf.Tensor1D, level, pass);
    }
    return tf.div(tf.sum(tf.mul(nats, weights)), tf.maximum(tf.sum(weights), 1)) as tf.Scalar;
  }

  /** Vectors of a level's codes, `[size, dimension]`. */
  #level(level: number): tf.Tensor2D {
    const { size } = this.#ids;
    return tf.slice(
      this.#codes.table as tf.Tensor as tf.Tensor2D,
      [level * size, 0],
      [size, this.#config.dimension],
    );
  }

  /** A step of a search, replayed once it has been recorded: states, and the scores of the level's codes from them. */
  #step(level: number, states: (...inputs: tf.Tensor[]) => tf.Tensor): SearchStep {
    return compile((...inputs: tf.Tensor[]) => {
      const reached = states(...inputs) as tf.Tensor2D;
      return [reached, tf.matMul(reached, this.#level(level), false, true)];
    });
  }

  /** States at the end of histories of one padded length. */
  #encoder(length: number): SearchStep {
    const known = this.#encoders.get(length);
    if (known) return known;
    const { dimension } = this.#config;
    const made = this.#step(0, (items, present, users) => {
      const encoded = this.#encode(
        this.#embed(items as tf.Tensor),
        present as tf.Tensor,
        users as tf.Tensor,
        ForwardPass.inference(),
        'newest',
      );
      return tf.reshape(encoded, [-1, dimension]);
    });
    this.#encoders.set(length, made);
    return made;
  }

  /** The width of the search is not needed: rows come and go as they are asked for. */
  start(histories: readonly IdHistory[]): IdSteps {
    const rows = paddedRows(histories.length);
    const { length, items, present, users } = readHistories(histories, rows, this.#config);
    const root = computed(this.#encoder(length), [
      tf.tensor2d(items, [rows, length], 'int32'),
      tf.tensor2d(present, [rows, length]),
      tf.tensor1d(users, 'int32'),
    ]);
    return new EfficientSteps(
      this.#ids,
      this.#unseen,
      this.#config.dimension,
      this.#descenders,
      root,
      histories.length,
    );
  }

  settle(): void {
    if (this.#whole) return;
    const whole = new WholeSearch(
      {
        parameters: this.parameters,
        scores: (states, level) => tf.matMul(states as tf.Tensor2D, this.#level(level), false, true),
        arrivals: (level) => {
          const { levelFrom, code } = this.#ids.trie;
          const [from, to] = [levelFrom[level + 1]!, levelFrom[level + 2]!];
          const codes = Int32Array.from(code.subarray(from, to), (each) => level * this.#ids.size + each);
          return this.#arrivals(tf.tensor1d(codes, 'int32'), tf.range(from, to, 1, 'int32'));
        },
        descend: (states, arrivals, level) => this.#arrive(states, arrivals, level, ForwardPass.inference()),
      },
      this.#ids,
      this.#unseen,
    );
    this.#whole = whole;
    this.atOnce = {
      rows: (width) => whole.rows(width),
      search: (histories, findable, width) =>
        whole.search(this.#statesAtEnds(whole, histories), findable, width),
    };
  }

  /** States at the ends of histories, from a session that holds the weights. */
  #statesAtEnds(whole: WholeSearch, histories: readonly IdHistory[]): Float32Array {
    const { length, ...inputs } = readHistories(histories, histories.length, this.#config);
    const { states = new Float32Array() } = whole.graphs(histories.length).run(
      `${length} items`,
      {
        run: ({ items, present, users }) => {
          // The vectors of all items are a constant of the graph, which ONNX Runtime works out once.
          const vectors = this.#embed(tf.range(0, this.#ids.items.size, 1, 'int32'));
          const encoded = this.#encode(
            tf.gather(vectors, items as tf.Tensor),
            present as tf.Tensor,
            users as tf.Tensor,
            ForwardPass.inference(),
            'newest',
          );
          return { states: tf.reshape(encoded, [-1, this.#config.dimension]) };
        },
        example: () => ({
          items: tf.zeros([1, length], 'int32'),
          present: tf.zeros([1, length]),
          users: tf.zeros([1], 'int32'),
        }),
      },
      inputs,
    );
    return states;
  }

  dispose(): void {
    this.#whole?.dispose();
    this.parameters.dispose();
  }
}
