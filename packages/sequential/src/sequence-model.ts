import {
  type CatalogueScorer,
  type Disposable,
  EmbeddingTable,
  type Favourites,
  type IdMap,
  type LongCallOptions,
  listsFromScores,
  madeFrom,
  OutcomeCounter,
  type OutcomeOptions,
  type Query,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  UNKNOWN,
} from '@palate/core';
import { type EpochReport, ForwardPass, FrozenGraphs, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type HistoryScoring, type SequenceKind, scoringOf } from './encode-histories.js';
import { exportScoring } from './export-scoring.js';
import type { SequenceEncoder } from './sequence-encoder.js';
import { serveQueries } from './serve-histories.js';
import { saveEncoder, type TrainedEncoder } from './stored-encoder.js';

/** A retriever that scores the catalogue after a history by a transformer over it. Kinds differ in how they train. */
export abstract class SequenceModel implements CatalogueScorer, Saveable, Disposable {
  abstract readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly fittedOn: readonly string[];
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #encoder: SequenceEncoder;
  readonly #dataFingerprint: string;
  readonly #kind: SequenceKind;
  readonly #savedSettings: unknown;
  readonly #scoring: HistoryScoring;
  readonly #graphs: FrozenGraphs;

  /** @param savedSettings - settings as they are saved */
  protected constructor(
    kind: SequenceKind,
    trained: TrainedEncoder<{ readonly maxLength: number; readonly timeGaps?: boolean | undefined }>,
    savedSettings: unknown,
  ) {
    this.items = trained.items;
    this.favourites = trained.favourites;
    this.history = trained.history;
    this.fittedOn = trained.fittedOn;
    this.#encoder = trained.encoder;
    this.#dataFingerprint = trained.dataFingerprint;
    this.#kind = kind;
    this.#savedSettings = savedSettings;
    this.#scoring = scoringOf(kind, trained);
    this.#graphs = new FrozenGraphs(this.#encoder.parameters);
  }

  async scoreAll(
    queries: readonly Query[],
    options: LongCallOptions & OutcomeOptions = {},
  ): Promise<Float32Array> {
    this.#countUntimed(queries, options);
    return serveQueries(queries, this.#scoring, this.#graphs, options.signal);
  }

  /** Tells how many histories came without times, where the model reads them. */
  #countUntimed(queries: readonly Query[], { onOutcomes }: OutcomeOptions): void {
    if (!this.#scoring.timeGaps || !onOutcomes) return;
    const untimed = queries.filter(({ history, historyTimestamps }) => history?.length && !historyTimestamps);
    if (untimed.length === 0) return;
    const counter = new OutcomeCounter(this.name, queries.length);
    for (const _ of untimed) counter.note('no times of the history: gaps not known');
    onOutcomes(counter.counts());
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  /**
   * The learned vectors of the items: what is used by the same people at the same positions lies together. They know the
   * log of the training, and say so.
   */
  async itemVectors(): Promise<EmbeddingTable> {
    this.#encoder.parameters.checkAlive();
    const table = tf.tidy(() => tf.clone(this.#encoder.items.of(ForwardPass.inference())));
    const values = await table.data<'float32'>();
    const [, width] = table.shape;
    table.dispose();
    return new EmbeddingTable(
      this.items,
      width,
      // Behind the items the table may hold tokens of the model's own.
      values.slice(0, this.items.size * width),
      this.#dataFingerprint === '' ? UNKNOWN : madeFrom({ log: this.#dataFingerprint }),
    );
  }

  /**
   * The serving graph as a standard `.onnx` file: input `items`, int32 `[batch, positions]`, histories with the newest item
   * at the right end and -1 where there is none; output `scores`, one an item of the catalogue.
   */
  async exportOnnx(): Promise<Uint8Array> {
    await selectBackend();
    return exportScoring(this.#scoring);
  }

  async save(dir: string): Promise<void> {
    await saveEncoder(dir, this.#kind.artifact, {
      items: this.items,
      encoder: this.#encoder,
      config: this.#savedSettings,
      favourites: this.favourites,
      dataFingerprint: this.#dataFingerprint,
      fittedOn: this.fittedOn,
    });
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#graphs.dispose();
    this.#encoder.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
