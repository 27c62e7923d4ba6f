import {
  checkSavedNames,
  contentHash,
  type Disposable,
  disposedOnFailure,
  InvalidInputError,
  type LongCallOptions,
  RandomStream,
  readArtifact,
  rebuildSaved,
  type Saveable,
  type SavedFiles,
  type TensorData,
  throwIfCancelled,
  writeArtifact,
  yieldToEventLoop,
} from '@palate/core';
import { readTextTokens, type TextTokens } from '@palate/llm';
import {
  Adafactor,
  batchTensors,
  checkVocabulary,
  type EncodedInput,
  type EpochReport,
  ForwardPass,
  fitNetwork,
  freshT5,
  type GenerateAmongOptions,
  type GeneratedSequence,
  type GenerateOptions,
  generateAmong,
  generateEncoded,
  type LabelTensors,
  selectBackend,
  T5,
  type TokenTrie,
  t5Config,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { batchRows, paddedShare, sourceColumns, targetColumns } from './text-batches.js';
import { TEXT_MODEL, type TextModelConfig, type TextModelOptions } from './text-model-options.js';
import { endOf, type TextRow, type TextSource } from './text-row.js';
import { type SourceTensors, WholeWordNetwork } from './whole-word-network.js';

const KIND = 'text-model';
/** Rows answered or scored together. */
const TOGETHER = 64;

/** The rows of an epoch, counted from 1: the same ones whenever they are asked for, by its stream alone. */
export type RowsOfEpoch = (epoch: number, random: RandomStream) => readonly TextRow[];

/** Options of `TextModel.generate`. */
export interface WriteOptions extends Omit<GenerateOptions, 'allowed'> {
  /** Sequences that may be written, without the end; any if left out. Nothing is drawn among them. */
  readonly among?: TokenTrie | undefined;
  /** For each input the numbers of the sequences of `among` that must not be written for it. */
  readonly exclude?: readonly ArrayLike<number>[] | undefined;
  /** Set over which probabilities sum to 1 among sequences: `'allowed'` by default, as `generateAmong` says. */
  readonly normalise?: GenerateAmongOptions['normalise'];
}

/** Sequence that a model wrote. */
export interface WrittenSequence extends GeneratedSequence {
  /** Its number in `among`; nothing where it was written freely. */
  readonly sequence?: number | undefined;
}

/** Saved form of a model, for artifacts that hold one beside other things. */
export interface SavedTextModel extends SavedFiles {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, TensorData>>;
}

/** A text-to-text model: a T5 with its vocabulary, whose encoder knows which word of the input each token belongs to. */
export class TextModel implements Saveable, Disposable {
  readonly tokens: TextTokens;
  readonly config: TextModelConfig;
  /** Loss of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Share of the tokens of the first epoch that were padding; nothing after loading. */
  readonly padded: number | undefined;
  readonly #network: WholeWordNetwork;

  private constructor(
    network: WholeWordNetwork,
    config: TextModelConfig,
    history: readonly EpochReport[],
    padded?: number,
  ) {
    this.#network = network;
    this.config = config;
    this.tokens = config.tokens;
    this.history = history;
    this.padded = padded;
  }

  /**
   * Trains a model on rows.
   *
   * @param rows - the rows of every epoch, or what makes those of one: the same ones whenever an epoch is asked for
   * @throws InvalidInputError for unknown options, no rows, or a T5 that does not fit the vocabulary
   * @throws CancelledError if `signal` fires; a checkpoint is written first where they are kept
   */
  static async fit(rows: readonly TextRow[] | RowsOfEpoch, options: TextModelOptions): Promise<TextModel> {
    const config = TEXT_MODEL.settings(options);
    const seed = options.seed ?? 0;
    throwIfCancelled(options.signal, 'fitting a text-to-text model');
    const of = rowsByEpoch(rows, seed);
    if (of(1).length === 0)
      throw new InvalidInputError({
        expected: 'rows to train on',
        received: 'none',
        hint: 'Give inputs with their targets.',
      });
    const padded = paddedShare(of(1), batchRows(of(1), config.batchSize));
    await selectBackend();
    const start = config.languageModel && contentHash(await config.languageModel.parameters.values());
    const { size, padding } = config.tokens;
    const vocabulary = { size, padding, end: endOf(config.tokens) };
    const t5 = config.languageModel ?? freshT5(vocabulary, config, 'TextModel.fit', seed);
    checkVocabulary(t5, vocabulary);
    const network = new WholeWordNetwork(t5, config.wholeWords, seed);
    const history = await fitNetwork({
      parameters: network.parameters,
      settings: config,
      options,
      optimiser: config.optimiser === 'adafactor' ? new Adafactor({ scaleByParameter: true }) : undefined,
      identity: TEXT_MODEL.identity(config, start ?? '', seed, config.data ?? contentHash(of(1))),
      schedule: (stepsPerEpoch) => {
        const steps = config.epochs * stepsPerEpoch();
        const warmUp = Math.max(1, Math.round(config.warmUpShare * steps));
        return (step) =>
          config.learningRate *
          Math.min(step / warmUp, Math.max(0, steps + 1 - step) / Math.max(1, steps + 1 - warmUp));
      },
      batches: (epoch, random) => {
        const own = of(epoch);
        return batchRows(own, config.batchSize, random.fork('order')).map((batch) => () => {
          const chosen = Array.from(batch.rows, (row) => own[row] as TextRow);
          return {
            ...sourceColumns(chosen, batch.inputs, t5.config.pad_token_id),
            ...targetColumns(
              t5,
              chosen.map(({ target }) => target),
              batch.outputs,
            ),
          };
        });
      },
      loss: (batch, pass) => network.loss(batch as SourceTensors, batch as LabelTensors, pass),
    });
    return new TextModel(network, { ...config, languageModel: undefined }, history, padded);
  }

  /** How many numbers the model has. */
  get parameterCount(): number {
    return this.#network.parameters.count;
  }

  /**
   * Writes sequences: freely, greedily by default and by `beams` the likeliest of several; or `among` given ones, of which
   * only what continues one is scored, the likeliest 20 by default.
   *
   * @returns for each input its sequences, best first; the end token, where it was reached, is the last. Among given ones
   *   fewer where there are not so many, or they are excluded
   */
  async generate(sources: readonly TextSource[], options: WriteOptions = {}): Promise<WrittenSequence[][]> {
    const { among, exclude, normalise, onProgress, ...rest } = options;
    if (exclude && exclude.length !== sources.length)
      throw new InvalidInputError({
        expected: `${sources.length} lists of excluded sequences, one for each input`,
        received: String(exclude.length),
        hint: 'Give an empty list where nothing is excluded.',
      });
    await selectBackend();
    const { beams, sequences, lengthPenalty, signal } = rest;
    const t5 = this.#network.t5;
    const answers: WrittenSequence[][] = sources.map(() => []);
    let done = 0;
    for (const { rows, inputs } of batchRows(sources, TOGETHER)) {
      const chosen = Array.from(rows, (row) => sources[row] as TextSource);
      const encode = (): EncodedInput =>
        this.#network.encode(this.#sources(chosen, inputs), ForwardPass.inference());
      const written: readonly WrittenSequence[][] = among
        ? await generateAmong(t5, chosen.length, encode, among, {
            beams,
            sequences,
            lengthPenalty,
            normalise,
            signal,
            exclude: exclude && Array.from(rows, (row) => exclude[row] ?? []),
          })
        : await generateEncoded(t5, chosen.length, encode, rest);
      for (const [k, row] of rows.entries()) answers[row] = written[k] ?? [];
      done += rows.length;
      onProgress?.({ phase: 'generate', done, total: sources.length });
    }
    return answers;
  }

  /** Log-probability of the target of each row given its input, summed over the target's tokens, in nats. */
  async logLikelihood(rows: readonly TextRow[], options: LongCallOptions = {}): Promise<Float32Array> {
    const scores = new Float32Array(rows.length);
    await this.#inBatches(rows, 'scoring texts', options, (chosen, { inputs, outputs, rows: numbers }) => {
      const values = tf.tidy(() =>
        this.#network.logLikelihoods(
          this.#sources(chosen, inputs),
          batchTensors(
            targetColumns(
              this.#network.t5,
              chosen.map(({ target }) => target),
              outputs,
            ),
          ),
          ForwardPass.inference(),
        ),
      );
      const numbersOf = values.dataSync<'float32'>();
      values.dispose();
      for (const [k, row] of numbers.entries()) scores[row] = numbersOf[k] as number;
    });
    return scores;
  }

  /**
   * Log-probability of each of some tokens to be the first that is written, in nats.
   *
   * @returns row-major, `sources x tokens`
   */
  async firstTokens(
    sources: readonly TextSource[],
    tokens: ArrayLike<number>,
    options: LongCallOptions = {},
  ): Promise<Float32Array> {
    const wanted = Int32Array.from(tokens);
    const scores = new Float32Array(sources.length * wanted.length);
    await this.#inBatches(sources, 'scoring answers', options, (chosen, { inputs, rows }) => {
      const values = tf.tidy(() =>
        tf.gather(
          this.#network.firstToken(this.#sources(chosen, inputs), ForwardPass.inference()),
          tf.tensor1d(wanted, 'int32'),
          1,
        ),
      );
      const numbers = values.dataSync<'float32'>();
      values.dispose();
      for (const [k, row] of rows.entries())
        scores.set(numbers.subarray(k * wanted.length, (k + 1) * wanted.length), row * wanted.length);
    });
    return scores;
  }

  async #inBatches<T extends TextSource>(
    rows: readonly T[],
    what: string,
    { signal, onProgress }: LongCallOptions,
    run: (chosen: readonly T[], batch: ReturnType<typeof batchRows>[number]) => void,
  ): Promise<void> {
    await selectBackend();
    let done = 0;
    for (const batch of batchRows(rows, TOGETHER)) {
      await yieldToEventLoop(signal, what);
      run(
        Array.from(batch.rows, (row) => rows[row] as T),
        batch,
      );
      done += batch.rows.length;
      onProgress?.({ phase: what, done, total: rows.length });
    }
  }

  #sources(chosen: readonly TextSource[], length: number): SourceTensors {
    return batchTensors(sourceColumns(chosen, length, this.#network.t5.config.pad_token_id));
  }

  /** Gives the saved form of the model. */
  async saved(): Promise<SavedTextModel> {
    return {
      config: { ...TEXT_MODEL.saved(this.config), languageModel: this.#network.t5.config },
      tensors: await this.#network.parameters.values(),
      files: this.tokens.files(),
    };
  }

  /**
   * Rebuilds a model from what {@link saved} gave; further files beside its own do no harm.
   *
   * @param source - the folder it lay in, for the message
   * @param vocabulary - where the model has one that cannot be read from the files alone
   * @throws ArtifactError if something is missing or does not fit together
   */
  static async restore(source: string, saved: SavedTextModel, vocabulary?: TextTokens): Promise<TextModel> {
    const { config, tensors } = saved;
    const { languageModel, ...settings } = config;
    await selectBackend();
    return rebuildSaved(source, 'a model of the settings in the manifest', async () => {
      const tokens = vocabulary ?? (await readTextTokens(source, saved));
      const known = { ...TEXT_MODEL.restored(source, settings), tokens };
      const network = new WholeWordNetwork(new T5(t5Config(languageModel, source)), known.wholeWords, 0);
      return disposedOnFailure(network, () => {
        checkVocabulary(network.t5, { size: tokens.size, end: endOf(tokens) });
        checkSavedNames(source, tensors, network.parameters.names);
        network.parameters.assign(tensors, source);
        return new TextModel(network, known, []);
      });
    });
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, { kind: KIND, version: 1, ...(await this.saved()) });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<TextModel> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, 1);
    return TextModel.restore(dir, { config: Object(manifest.config), tensors, files });
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The rows of an epoch, those of the last one asked for kept. */
function rowsByEpoch(
  rows: readonly TextRow[] | RowsOfEpoch,
  seed: number,
): (epoch: number) => readonly TextRow[] {
  if (typeof rows !== 'function') return () => rows;
  let last: { readonly epoch: number; readonly rows: readonly TextRow[] } | undefined;
  return (epoch) => {
    if (last?.epoch !== epoch)
      last = { epoch, rows: rows(epoch, new RandomStream(seed).fork('rows').fork(`epoch ${epoch}`)) };
    return last.rows;
  };
}
