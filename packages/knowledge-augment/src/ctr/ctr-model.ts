import {
  checkNumber,
  checkRanking,
  type Query,
  RandomStream,
  type Ranker,
  type RetrieveOptions,
  type ScoredItem,
} from '@palate/core';
import { auc, logLoss } from '@palate/eval';
import {
  type Batch,
  type BatchTensors,
  binaryCrossEntropy,
  type EpochReport,
  ForwardPass,
  fitNetwork,
  type Parameters,
  shuffledBatches,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { contextColumns } from '../features/context-columns.js';
import { type CtrSamples, takeSamples } from '../features/ctr-samples.js';
import type { CtrBackbone } from './backbone.js';
import { BACKBONES } from './backbones.js';
import { ctrBatch } from './ctr-batch.js';
import { CTR, type CtrConfig, type CtrOptions } from './ctr-options.js';
import type { CtrEntities } from './entities.js';
import { EntityInput } from './entity-input.js';
import { beginFit, EntityModel, type EntityModelKind, entityTraining, loadTrained } from './entity-model.js';
import { bestOf, requestOf } from './rank-requests.js';
import { RequestRows, type ScoreRequest } from './score-request.js';
import { scoreRows } from './score-rows.js';
import { ServedStep } from './served-step.js';
import type { TrainedNetwork } from './trained-network.js';
import { type Upserts, withUpserts } from './upsert-entities.js';

/** How well a model predicts. */
export interface CtrResult {
  readonly auc: number;
  readonly logLoss: number;
}

/** A backbone over embedded features and augmented vectors. */
class CtrNetwork {
  readonly parameters: Parameters;
  readonly input: EntityInput;
  readonly #backbone: CtrBackbone;
  readonly #served: ServedStep;

  constructor(parameters: Parameters, config: CtrConfig, entities: CtrEntities, seed: number) {
    const random = new RandomStream(seed).fork('ctr');
    const { hidden, dropout, layers } = config;
    this.parameters = parameters;
    this.input = new EntityInput(parameters, config, entities, random);
    this.#backbone = BACKBONES[config.backbone](parameters, this.input.shape, random.fork('backbone'), {
      hidden,
      dropout,
      layers,
    });
    this.#served = new ServedStep(this.input, (batch) =>
      tf.sigmoid(this.#backbone.logits(this.input.serve(batch), ForwardPass.inference())),
    );
  }

  /** Logits of a batch of {@link ctrBatch}, `[rows]`. */
  logits(batch: BatchTensors, pass: ForwardPass): tf.Tensor1D {
    return this.#backbone.logits(this.input.apply(batch, pass), pass);
  }

  /** Chances of a batch, `[rows]`, from stored vectors. */
  chances(batch: BatchTensors): tf.Tensor {
    return this.#served.scores(batch);
  }
}

const KIND: EntityModelKind<CtrConfig, CtrNetwork> = {
  artifact: 'ctr-model',
  noun: 'click-through model',
  Network: CtrNetwork,
  saved: (config) => CTR.saved(config),
  restored: (dir, config) => CTR.restored(dir, config),
  widthsOf: ({ dimension, hidden }) => [dimension, ...hidden],
};

/**
 * A model of click-through rate: a backbone over embedded features, with or without KAR's augmented vectors, trained
 * jointly by binary cross-entropy.
 */
export class CtrModel extends EntityModel<CtrConfig, CtrNetwork> implements Ranker {
  /** Name of the backbone, and whether it has knowledge. */
  readonly name: string;

  private constructor(trained: TrainedNetwork<CtrConfig, CtrNetwork>, history: readonly EpochReport[]) {
    super(KIND, trained, history);
    this.name = `${trained.config.backbone}${trained.entities.knowledge ? ' with KAR' : ''}`;
  }

  /**
   * @throws InvalidInputError for unknown options, no samples, or features and vectors that do not fit the log
   * @throws LeakError for knowledge that knows a sample that it helps to predict; with a validation also for knowledge
   * that does not say what it knows
   */
  static async fit(samples: CtrSamples, options: CtrOptions): Promise<CtrModel> {
    const config = CTR.settings(options);
    const { validation, historyLength } = config;
    const { log, user } = samples;
    const trained = await beginFit(
      KIND,
      config,
      { log, count: user.length, of: 'samples', met: samples, validation },
      options,
    );
    const { network } = trained;
    const batchSize = Math.min(config.batchSize, user.length);
    const context = contextColumns(config.features.context, samples.context, user.length, true);
    const history = await fitNetwork({
      parameters: network.parameters,
      settings: config,
      options,
      identity: CTR.identity(config, options.seed ?? 0, samples),
      ...entityTraining(config),
      batches: (_, random) =>
        shuffledBatches(Int32Array.from(user.keys()), batchSize, random, (rows) =>
          ctrBatch(samples, rows, batchSize, historyLength, context),
        ),
      loss: (batch, pass) =>
        binaryCrossEntropy(network.logits(batch, pass), batch.label as tf.Tensor, batch.weight as tf.Tensor),
      validation: validation && {
        measure: async () => {
          const { auc, logLoss } = await new CtrModel(trained, []).evaluate(validation);
          network.input.forget();
          return { auc, logLoss };
        },
        stopBy: 'auc',
      },
    });
    return new CtrModel(trained, history);
  }

  /**
   * Chance of label 1 for each sample.
   *
   * @throws InvalidInputError if the samples' log has other users or items, or an order of its own
   */
  async predict(samples: CtrSamples): Promise<Float32Array> {
    await this.prepare(samples.log);
    const { historyLength } = this.trained.config;
    const context = contextColumns(this.features.context, samples.context, samples.user.length, true);
    return this.#chances(samples.user.length, (positions, size) =>
      ctrBatch(samples, positions, size, historyLength, context),
    );
  }

  /**
   * Chance of label 1 for each candidate of a request, in their order.
   *
   * @throws InvalidInputError for items out of range, or a context that does not fit
   * @example
   * ```ts
   * const chances = await model.score({ user: 'somebody new', history: [0, 1], candidates: [2, 0] });
   * ```
   */
  async score(request: ScoreRequest): Promise<Float32Array> {
    const [scores = new Float32Array(0)] = await this.scoreRequests([request]);
    return scores;
  }

  /** As {@link score}, for many requests at once. */
  async scoreRequests(requests: readonly ScoreRequest[]): Promise<Float32Array[]> {
    await this.store();
    const { entities, config } = this.trained;
    const rows = new RequestRows(requests, entities, entities.features.context);
    return rows.split(
      await this.#chances(rows.count, (positions, size) => rows.batch(positions, size, config.historyLength)),
    );
  }

  /**
   * Orders candidates by their chances. Ratings of a query's history say what was liked where the samples of the fit were
   * told `above`; all of it was clicked otherwise.
   */
  async rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    const { above, entities } = this.trained;
    checkRanking({ name: this.name, itemCount: entities.items.size }, queries, candidates, k, options);
    const requests = queries.map((query, at) =>
      requestOf(query, candidates[at] as readonly ScoredItem[], above),
    );
    const scores = await this.scoreRequests(requests);
    return requests.map((request, at) => bestOf(request.candidates, scores[at] as Float32Array, k));
  }

  /** Chances of rows, a batch at a time. */
  #chances(count: number, batchOf: (positions: Int32Array, size: number) => Batch): Promise<Float32Array> {
    const { network, config } = this.trained;
    return scoreRows(count, config.batchSize, 1, batchOf, (batch) => network.chances(batch));
  }

  /**
   * AUC and log-loss on samples.
   *
   * @throws LeakError if the model's knowledge knows a sample, or does not say what it knows
   */
  async evaluate(samples: CtrSamples): Promise<CtrResult> {
    this.checkLeaks(samples);
    const chances = await this.predict(samples);
    return { auc: auc(chances, samples.label), logLoss: logLoss(chances, samples.label) };
  }

  /**
   * The same weights over other users and items, so that new ones are served without training again.
   *
   * @param entities - all that shall be known; features by `encodeFeaturesLike`, knowledge of the widths of the fit
   * @throws InvalidInputError if features or knowledge are of another shape
   */
  async extend(entities: CtrEntities): Promise<CtrModel> {
    return new CtrModel(await this.extended(entities), this.history);
  }

  /**
   * The same weights with users or items added or replaced, each by its own attributes and knowledge: the indexes of those
   * known stay. Costs a copy of the tables, so that many at once are better than one by one.
   *
   * @throws InvalidInputError for columns or vectors that do not fit
   */
  async upsert(changes: Upserts): Promise<CtrModel> {
    return this.extend(withUpserts(this.trained.entities, changes));
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<CtrModel> {
    return new CtrModel(await loadTrained(dir, KIND), []);
  }
}

/** A share of samples drawn at random, for the curve of how results grow with data; smaller ones lie within larger. */
export function shareOfSamples(samples: CtrSamples, share: number, seed = 0): CtrSamples {
  checkNumber('share', share, { min: 0, max: 1 });
  const order = new RandomStream(seed).fork('share').shuffle(Int32Array.from(samples.user.keys()));
  return takeSamples(samples, order.slice(0, Math.max(1, Math.round(share * order.length))).sort());
}
