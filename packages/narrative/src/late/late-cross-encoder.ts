import {
  type Disposable,
  disposedOnFailure,
  InvalidInputError,
  type LongCallOptions,
  type Provenance,
  type Saveable,
} from '@palate/core';
import type { EncoderParts } from '@palate/llm';
import { type EpochReport, selectBackend } from '@palate/nn';
import { fitSecondStage } from '../cross-encoder/fit-second-stage.js';
import type { HeldRequests } from '../cross-encoder/held-requests.js';
import { countedRows, mostTokens } from '../encoder/fronts.js';
import { MeanEncoder } from '../encoder/mean-encoder.js';
import { checkTrainedWeights, readTrained, rebuildNetwork, writeTrained } from '../encoder/saved-trained.js';
import { headVectors } from '../encoder/text-rows.js';
import type { RequestPairs } from '../pairs/request-pairs.js';
import { LateNetwork } from './late-network.js';
import {
  LATE_CROSS_ENCODER,
  type LateCrossEncoderConfig,
  type LateCrossEncoderOptions,
} from './late-options.js';
import { LateTask, scoreVectors } from './late-task.js';

const KIND = 'narrative-late-cross-encoder';
type Config = Omit<LateCrossEncoderConfig, 'biEncoder'>;

/**
 * A second stage that costs no run of the transformer for a candidate: the layers see request and item apart, each once,
 * and a small network above sees both. It is trained as the `CrossEncoder` is, among items that the first stage ranks 100
 * to 300.
 *
 * Keeps the vectors of all item texts that it has scored: 4 bytes times the width of the encoder each.
 */
export class LateCrossEncoder implements Saveable, Disposable {
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Knowledge of interactions in the weights. */
  readonly provenance: Provenance;
  readonly #network: LateNetwork;
  readonly #config: Config;
  #below: MeanEncoder | undefined;
  readonly #known = new Map<string, Float32Array>();

  private constructor(
    network: LateNetwork,
    config: Config,
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
   * @throws InvalidInputError for unknown options, a bi-encoder whose layers were trained, or no request with a negative
   * @throws CancelledError if `signal` fires; a checkpoint is written first where they are kept
   */
  static async fit(pairs: RequestPairs, options: LateCrossEncoderOptions): Promise<LateCrossEncoder> {
    const config = LATE_CROSS_ENCODER.settings(options);
    const { biEncoder, hidden } = config;
    // The layers are those that the encoder came with, whose means can be kept.
    if (biEncoder.tuned !== 'head')
      throw new InvalidInputError({
        expected: "a bi-encoder trained with tuned: 'head'",
        received: `one with tuned: '${biEncoder.tuned}'`,
        hint: 'Train only its head, or use a CrossEncoder, which can start from trained layers too.',
      });
    const makeTask = async (requests: HeldRequests, seed: number) => {
      const network = new LateNetwork(biEncoder.parts, await biEncoder.weights(), hidden, seed);
      const rows = await disposedOnFailure(network, () =>
        countedRows(network.encoder, pairs, config, options),
      );
      return { network, task: new LateTask(network, rows, requests, config) };
    };
    const fitted = await fitSecondStage(pairs, LATE_CROSS_ENCODER, config, options, makeTask);
    return new LateCrossEncoder(fitted.network, config, fitted.provenance, fitted.history);
  }

  /** Scores of items for a request, by their texts; higher is better. Texts that were scored before are not read again. */
  async score(
    request: string,
    items: readonly string[],
    options: LongCallOptions = {},
  ): Promise<Float32Array> {
    await selectBackend();
    const fresh = [...new Set(items)].filter((text) => !this.#known.has(text));
    const own = await this.#vectors([request, ...fresh], options);
    const width = own.length / (1 + fresh.length);
    for (const [k, text] of fresh.entries())
      this.#known.set(text, own.slice((k + 1) * width, (k + 2) * width));
    const vectors = new Float32Array(items.length * width);
    for (const [k, text] of items.entries()) vectors.set(this.#known.get(text) ?? [], k * width);
    return scoreVectors(this.#network, own.subarray(0, width), vectors);
  }

  async #vectors(texts: readonly string[], options: LongCallOptions): Promise<Float32Array> {
    const { encoder } = this.#network;
    this.#below ??= new MeanEncoder(encoder.parts, mostTokens(this.#config), this.#config.cacheDir);
    return headVectors(encoder, (await this.#below.means(texts, options)).means);
  }

  async save(dir: string): Promise<void> {
    const { parameters, encoder } = this.#network;
    await writeTrained(dir, KIND, {
      config: LATE_CROSS_ENCODER.saved(this.#config as LateCrossEncoderConfig),
      parts: encoder.parts,
      provenance: this.provenance,
      tensors: await parameters.values(),
    });
  }

  /**
   * @param options - `pretrained`: the encoder that it was trained from, where that is not use-lite; `cacheDir`: as in `fit`
   * @throws ArtifactError if the folder is missing, foreign or damaged, or was trained from another encoder
   */
  static async load(
    dir: string,
    options: { readonly pretrained?: EncoderParts | undefined; readonly cacheDir?: string | undefined } = {},
  ): Promise<LateCrossEncoder> {
    const saved = await readTrained(dir, KIND, LATE_CROSS_ENCODER, options.pretrained);
    const { config, parts, provenance, tensors } = saved;
    const { hidden } = config;
    checkTrainedWeights(dir, saved, parts.names.head, {
      'hidden.kernel': [2 * parts.width, hidden],
      'hidden.bias': [hidden],
      'out.kernel': [hidden, 1],
      'out.bias': [1],
      sharpness: [1],
    });
    const network = await rebuildNetwork(dir, tensors, () => new LateNetwork(parts, tensors, hidden, 0));
    return new LateCrossEncoder(network, { ...config, cacheDir: options.cacheDir }, provenance, []);
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#network.dispose();
    void this.#below?.close();
    this.#below = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
