import {
  type Disposable,
  InvalidInputError,
  type LongCallOptions,
  type Provenance,
  type Saveable,
} from '@palate/core';
import type { EncoderParts } from '@palate/llm';
import { type EpochReport, selectBackend } from '@palate/nn';
import { exportOnnx } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { windowsOf } from '../encoder/mean-encoder.js';
import { checkTrainedWeights, readTrained, rebuildNetwork, writeTrained } from '../encoder/saved-trained.js';
import type { RequestPairs } from '../pairs/request-pairs.js';
import { CROSS_ENCODER, type CrossEncoderConfig, type CrossEncoderOptions } from './cross-encoder-options.js';
import { CrossEncoderTask } from './cross-encoder-task.js';
import { fitSecondStage } from './fit-second-stage.js';
import { JointNetwork } from './joint-network.js';
import { scoreJoint } from './score-joint.js';

const KIND = 'narrative-cross-encoder';

/**
 * Mint's second stage (Mysore et al. 2023): the transformer over request and item together, trained to put an item that
 * answers above items that the first stage ranks 100 to 300.
 *
 * Costs a run of the transformer for each pair: it orders the best of a first stage.
 */
export class CrossEncoder implements Saveable, Disposable {
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Knowledge of interactions in the weights. */
  readonly provenance: Provenance;
  readonly #network: JointNetwork;
  readonly #config: Omit<CrossEncoderConfig, 'biEncoder'>;

  private constructor(
    network: JointNetwork,
    config: Omit<CrossEncoderConfig, 'biEncoder'>,
    provenance: Provenance,
    history: readonly EpochReport[],
  ) {
    this.#network = network;
    this.#config = config;
    this.provenance = provenance;
    this.history = history;
  }

  /**
   * Trains on pairs of requests and items.
   *
   * @throws InvalidInputError for unknown options, or no request with a negative
   * @throws CancelledError if `signal` fires; a checkpoint is written first where they are kept
   */
  static async fit(pairs: RequestPairs, options: CrossEncoderOptions): Promise<CrossEncoder> {
    const config = CROSS_ENCODER.settings(options);
    const { biEncoder, tuned } = config;
    checkPositions(biEncoder.parts, config);
    const { network, provenance, history } = await fitSecondStage(
      pairs,
      CROSS_ENCODER,
      config,
      options,
      async (requests, seed) => {
        const joint = new JointNetwork(biEncoder.parts, tuned, await biEncoder.weights(), seed);
        return { network: joint, task: new CrossEncoderTask(joint, pairs, requests, config) };
      },
    );
    return new CrossEncoder(network, config, provenance, history);
  }

  /**
   * Scores of items for a request, by their texts; higher is better. A request of more than `requestTokens` is read in
   * windows of like length, and its score is the mean of theirs by their tokens.
   */
  async score(
    request: string,
    items: readonly string[],
    options: LongCallOptions = {},
  ): Promise<Float32Array> {
    await selectBackend();
    const { tokenize } = this.#network.encoder.parts;
    const own = tokenize(request);
    const windows = windowsOf(own, this.#config.requestTokens);
    const tokens = items.map(tokenize);
    const found = await scoreJoint(
      this.#network,
      tokens.flatMap((item) => windows.map((window) => ({ request: window, item }))),
      this.#config,
      options.signal,
    );
    return Float32Array.from(tokens, (_, item) =>
      windows.reduce(
        (sum, { length }, w) =>
          sum + (found[item * windows.length + w]! * Math.max(1, length)) / Math.max(1, own.length),
        0,
      ),
    );
  }

  /**
   * The network as a standard `.onnx` file with any batch size: `ids`, int32 `[batch, tokens]`, a request and an item behind it;
   * `ofRequest` and `ofItem`, float32 of the same shape, 1 for the tokens of each; gives `scores`, `[batch]`.
   *
   * @param tokens - length of the rows. Default: what is read of a request and an item
   */
  async exportOnnx(tokens?: number): Promise<Uint8Array> {
    await selectBackend();
    const length = tokens ?? this.#config.requestTokens + this.#config.itemTokens;
    const inputs = {
      ids: tf.zeros([1, length], 'int32') as tf.Tensor2D,
      ofRequest: tf.ones([1, length]) as tf.Tensor2D,
      ofItem: tf.zeros([1, length]) as tf.Tensor2D,
    };
    try {
      return exportOnnx(
        ({ ids, ofRequest, ofItem }) => ({ scores: this.#network.scores(ids, ofRequest, ofItem) }),
        inputs,
        { dynamicBatch: true },
      );
    } finally {
      tf.dispose(inputs);
    }
  }

  async save(dir: string): Promise<void> {
    const { parameters, encoder } = this.#network;
    await writeTrained(dir, KIND, {
      config: CROSS_ENCODER.saved(this.#config as CrossEncoderConfig),
      parts: encoder.parts,
      provenance: this.provenance,
      tensors: { ...(await parameters.values()), ...encoder.fixedValues() },
    });
  }

  /**
   * @param options - `pretrained`: the encoder that it was trained from, where that is not use-lite
   * @throws ArtifactError if the folder is missing, foreign or damaged, or was trained from another encoder
   */
  static async load(
    dir: string,
    options: { readonly pretrained?: EncoderParts | undefined } = {},
  ): Promise<CrossEncoder> {
    const saved = await readTrained(dir, KIND, CROSS_ENCODER, options.pretrained);
    const { config, parts, provenance, tensors } = saved;
    const { fixed, lower, upper } = parts.names;
    checkTrainedWeights(dir, saved, [...fixed, ...lower, ...upper], {
      'part.table': [2, parts.inputWidth],
      'head.kernel': [2 * parts.width, 1],
      'head.bias': [1],
      sharpness: [1],
    });
    checkPositions(parts, config);
    const network = await rebuildNetwork(
      dir,
      tensors,
      () => new JointNetwork(parts, config.tuned, tensors, 0),
    );
    return new CrossEncoder(network, config, provenance, []);
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Refuses more tokens than an encoder has positions for. */
function checkPositions(
  parts: EncoderParts,
  { requestTokens, itemTokens }: Pick<CrossEncoderConfig, 'requestTokens' | 'itemTokens'>,
): void {
  if (requestTokens + itemTokens > parts.mostPositions)
    throw new InvalidInputError({
      expected: `request and item of at most ${parts.mostPositions} tokens, the number of positions of ${parts.id}`,
      received: `${requestTokens} and ${itemTokens}`,
      hint: 'Lower requestTokens or itemTokens.',
    });
}
