import {
  contentHash,
  type Disposable,
  disposedOnFailure,
  type EncodedTexts,
  InvalidInputError,
  type LongCallOptions,
  type Provenance,
  rebuildSaved,
  type Saveable,
  type TensorData,
  type TextEncoder,
  throwIfCancelled,
} from '@palate/core';
import { type EncoderParts, useLiteParts } from '@palate/llm';
import { type EpochReport, fitNetwork, selectBackend } from '@palate/nn';
import { exportOnnx } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { pairsHash, type RequestPairs, splitPairsByUser } from '../pairs/request-pairs.js';
import { BI_ENCODER, type BiEncoderConfig, type BiEncoderOptions } from './bi-encoder-options.js';
import { BiEncoderTask } from './bi-encoder-task.js';
import { type Front, headFront, mostTokens, textRows, wholeFront } from './fronts.js';
import { checkTrainedWeights, readTrained, writeTrained } from './saved-trained.js';
import { TrainedEncoder, type Tuned, trainedNames } from './trained-encoder.js';

const KIND = 'narrative-bi-encoder';

/**
 * Mint's first stage (Mysore et al. 2023): a pretrained text encoder trained further, so that a request lies near the items
 * that answer it. It is a text encoder like any other: texts in, vectors of norm 1 out.
 *
 * The users of the requests are split: those of the validation are never trained on. Items that a request's user likes
 * are never its negatives.
 */
export class BiEncoder implements TextEncoder, Saveable, Disposable {
  /** Names the encoder that it came from, and its weights by a hash. */
  readonly id: string;
  readonly width: number;
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Knowledge of interactions in the weights: that of the requests it was trained on. */
  readonly provenance: Provenance;
  readonly #encoder: TrainedEncoder;
  readonly #config: BiEncoderConfig;
  readonly #front: Front;

  private constructor(
    encoder: TrainedEncoder,
    config: BiEncoderConfig,
    hash: string,
    provenance: Provenance,
    history: readonly EpochReport[],
  ) {
    const { parts } = encoder;
    this.id = `narrative:${parts.id}:${hash.slice(0, 16)}`;
    this.width = parts.width;
    this.history = history;
    this.provenance = provenance;
    this.#encoder = encoder;
    this.#config = config;
    this.#front =
      config.tuned === 'head'
        ? headFront(encoder, this.id, config)
        : wholeFront(encoder, this.id, mostTokens(config));
  }

  /**
   * Trains an encoder on pairs of requests and items.
   *
   * @throws InvalidInputError for unknown options, or fewer than two requests to train on
   * @throws CancelledError if `signal` fires; a checkpoint is written first where they are kept
   */
  static async fit(pairs: RequestPairs, options: BiEncoderOptions = {}): Promise<BiEncoder> {
    const config = BI_ENCODER.settings(options);
    throwIfCancelled(options.signal, 'fitting a bi-encoder');
    await selectBackend();
    const parts = config.pretrained ?? (await useLiteParts());
    checkTokens(parts, config);
    checkNegatives(config);
    const seed = options.seed ?? 0;
    const { train, validation } = splitPairsByUser(pairs, config.validationShare, seed);
    if (new Set(train.request).size < 2)
      throw new InvalidInputError({
        expected: 'at least two requests to train on',
        received: String(new Set(train.request).size),
        hint: 'Give more requests, or hold fewer users out (validationShare).',
      });
    const encoder = new TrainedEncoder(parts, config.tuned);
    const rows = await disposedOnFailure(encoder, () => textRows(encoder, pairs, config, options));
    const task = new BiEncoderTask(parts.width, rows, train, validation, config);
    const history = await fitNetwork({
      parameters: encoder.parameters,
      settings: config,
      options,
      identity: BI_ENCODER.identity(config, parts.id, seed, pairsHash(pairs)),
      loss: (batch, pass) => task.loss(batch, pass),
      batches: (_, random) => task.batches(random),
      validation:
        validation.request.length === 0
          ? undefined
          : { measure: async () => ({ 'ndcg@10': await task.validate(options) }), stopBy: 'ndcg@10' },
    });
    return new BiEncoder(
      encoder,
      config,
      contentHash(await encoder.parameters.values()),
      pairs.provenance,
      history,
    );
  }

  /** As every text encoder: equal texts once, batches of like length, unit norm. */
  encode(texts: readonly string[], options: LongCallOptions = {}): Promise<EncodedTexts> {
    return this.#front.encode(texts, options);
  }

  /** All weights of the encoder by name, to start another model from. */
  weights(): Promise<Record<string, TensorData>> {
    return this.#encoder.allValues();
  }

  /** How much of the encoder was trained. */
  get tuned(): Tuned {
    return this.#config.tuned;
  }

  /** The encoder that it was trained from. */
  get parts(): EncoderParts {
    return this.#encoder.parts;
  }

  /**
   * The encoder as a standard `.onnx` file with any batch size: `ids`, int32 `[batch, tokens]`, and `present`, float32 of the
   * same shape, 1 for tokens and 0 for padding behind them; gives `vectors`, `[batch, width]` of norm 1.
   *
   * @param tokens - length of the rows. Default: what is read of a request
   */
  async exportOnnx(tokens = this.#config.requestTokens): Promise<Uint8Array> {
    await selectBackend();
    const inputs = {
      ids: tf.zeros([1, tokens], 'int32') as tf.Tensor2D,
      present: tf.ones([1, tokens]) as tf.Tensor2D,
    };
    try {
      const running = this.#encoder.running();
      return exportOnnx(
        ({ ids, present }) => ({ vectors: running.pool(running.states(ids, present), present) }),
        inputs,
        { dynamicBatch: true },
      );
    } finally {
      tf.dispose(inputs);
    }
  }

  async save(dir: string): Promise<void> {
    const { parts, parameters } = this.#encoder;
    await writeTrained(dir, KIND, {
      config: BI_ENCODER.saved(this.#config),
      parts,
      provenance: this.provenance,
      tensors: await parameters.values(),
    });
  }

  /**
   * @param options - `pretrained`: the encoder that it was trained from, where that is not use-lite; `cacheDir`: folder that
   *   keeps the means of the states, where the head was trained
   * @throws ArtifactError if the folder is missing, foreign or damaged, or was trained from another encoder
   */
  static async load(
    dir: string,
    options: Pick<BiEncoderOptions, 'pretrained' | 'cacheDir'> = {},
  ): Promise<BiEncoder> {
    const saved = await readTrained(dir, KIND, BI_ENCODER, options.pretrained);
    const { parts, provenance, tensors } = saved;
    const config = { ...saved.config, cacheDir: options.cacheDir };
    checkTrainedWeights(dir, saved, trainedNames(parts, config.tuned));
    checkTokens(parts, config);
    const encoder = await rebuildSaved(
      dir,
      'an encoder of the settings in the manifest',
      () => new TrainedEncoder(parts, config.tuned, tensors),
    );
    return new BiEncoder(encoder, config, contentHash(tensors), provenance, []);
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#encoder.dispose();
    // The layers below a head, and the folder of their means.
    void this.#front.close();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Refuses what is made for means of texts where the layers are trained, which runs texts through them each step. */
function checkNegatives({ negatives, around, tuned }: BiEncoderConfig): void {
  if (tuned === 'head') return;
  const asked = negatives === 'catalogue' ? "negatives: 'catalogue'" : around ? 'around' : undefined;
  if (asked !== undefined)
    throw new InvalidInputError({
      expected: `tuned: 'head' with ${asked}`,
      received: `tuned: '${tuned}'`,
      hint: 'Train only the head, or leave the option out.',
    });
}

/** Refuses more tokens than an encoder has positions for. */
function checkTokens(parts: EncoderParts, { requestTokens, itemTokens }: BiEncoderConfig): void {
  const most = Math.max(requestTokens, itemTokens);
  if (most > parts.mostPositions)
    throw new InvalidInputError({
      expected: `at most ${parts.mostPositions} tokens, the number of positions of ${parts.id}`,
      received: String(most),
      hint: 'Lower requestTokens or itemTokens.',
    });
}
