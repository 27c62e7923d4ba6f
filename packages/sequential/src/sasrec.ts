import {
  checkValidationUnseen,
  type Dataset,
  defineOptions,
  edgePriorOf,
  edgePriorOptions,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  restoredWithEdges,
  type SettingsOf,
  withEdgeProvenance,
} from '@palate/core';
import { EDGE_STRENGTH, TaskWithEdges } from './edge-prior.js';
import type { SequenceKind } from './encode-histories.js';
import { fitEncoder } from './fit-encoder.js';
import { SAMPLING } from './negatives.js';
import { NextItemTask, type SasRecLoss } from './next-item-task.js';
import { PACKING, SEQUENTIAL } from './options.js';
import { SequenceModel } from './sequence-model.js';
import { loadEncoder, type TrainedEncoder } from './stored-encoder.js';
import { checkTimes } from './time-gaps.js';

const LOSSES: readonly SasRecLoss[] = ['cross-entropy', 'bce', 'gbce', 'sampled-softmax'];

/** Options of {@link SasRec.fit}. */
export const SASREC = defineOptions('SasRec.fit', {
  ...SEQUENTIAL,
  ...PACKING,
  loss: option.choice(LOSSES)({
    default: 'cross-entropy',
    doc: "`'cross-entropy'` ranks the next item against the whole catalogue; `'bce'` is the original paper's, against one random item; `'gbce'` calibrates BCE for sampling (Petrov and Macdonald 2023); `'sampled-softmax'` ranks against random items",
  }),
  negatives: option.integer({ min: 1, max: 65_536 })({
    default: ({ loss }) => (loss === 'bce' ? 1 : 128),
    defaultText: "1 for `'bce'`, 128 for the others",
    doc: 'random items per position (per step if they are shared) for the sampled losses',
  }),
  sampling: option.choice(SAMPLING)({
    default: 'uniform',
    doc: "distribution of the negatives: `'uniform'`, by `'popularity'`, or `'mixed'`, half uniform and half next items of the same step (Yang et al. 2020)",
  }),
  shareNegatives: option.boolean()({
    default: false,
    doc: 'uses the same random items for all positions of a step, in one matrix product, so that there can be many; an item never counts as a negative where it is the target',
  }),
  logQ: option.boolean()({
    default: false,
    doc: "subtracts the log of each negative's expected count from its score, for `'sampled-softmax'`, so that the loss estimates the full one",
  }),
  calibration: option.number({ min: 0, max: 1 })({
    default: 0.75,
    doc: 'calibration of gBCE, from 0 (BCE) to 1',
  }),
  timeGaps: option.boolean()({
    default: false,
    doc: 'adds to every item an embedding of the time since the previous one (logarithm of the seconds): the log must have times, and queries should (`historyTimestamps`)',
  }),
  windows: option.choice(['newest', 'random'])({
    default: 'newest',
    doc: "the part of a history longer than `maxLength` that an epoch reads: its `'newest'` items, or a window at a `'random'` position, a new one in each epoch, so that old items are trained on too",
  }),
  competitors: option.choice(['all', 'unseen'])({
    default: 'all',
    doc: "items that compete with the next one under `'cross-entropy'` or shared negatives: `'all'`, or only those `'unseen'` by the user, since lists leave out the others",
  }),
  ...edgePriorOptions({
    strength:
      'weight of the mean of `w |e_i - e_j|^2` over the edges, which pulls the vectors of connected items together',
    default: EDGE_STRENGTH,
  }),
});

/** Options of {@link SasRec.fit}; {@link SASREC} says what each does. */
export type SasRecOptions = OptionsOf<typeof SASREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof SASREC.declarations>;

const KIND: SequenceKind = { artifact: 'sasrec', name: 'SASRec', causal: true, hasEndToken: false };

/**
 * SASRec (Kang and McAuley 2018): a causal transformer over a user's items that predicts, at every position, the next
 * one; scores are inner products with the item vectors.
 *
 * With full cross-entropy it is the strong baseline of later studies; with `'bce'` the original. Edges between items
 * are a prior on the item vectors: `edgeStrength` times the mean of `w |e_i - e_j|^2` joins the loss.
 */
export class SasRec extends SequenceModel {
  readonly name: string;
  readonly provenance?: Provenance;

  private constructor(trained: TrainedEncoder<Config>, provenance: Provenance | undefined) {
    const { loss, edgeStrength = EDGE_STRENGTH } = trained.config;
    super(KIND, trained, withEdgeProvenance(SASREC.saved(trained.config), provenance, edgeStrength));
    if (provenance) this.provenance = provenance;
    this.name = loss === 'cross-entropy' ? 'SASRec' : `SASRec (${loss})`;
  }

  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options or losses, or if no user has two interactions
   * @throws LeakError for a validation that the edges know, or edges that do not say what they know
   */
  static async fit(dataset: Dataset, options: SasRecOptions = {}): Promise<SasRec> {
    const config = SASREC.settings(options);
    checkObjective(config);
    if (config.timeGaps) checkTimes(dataset.log);
    const given = edgePriorOf(config, dataset.log.items, EDGE_STRENGTH);
    const prior = given && given.edges.length > 0 ? given : undefined;
    checkValidationUnseen('the edges', prior?.edges.provenance, dataset.log, config.validation);
    const trained = await fitEncoder(KIND, dataset, SASREC, config, options, (encoder) => {
      const task = new NextItemTask(dataset, encoder, config);
      return prior ? new TaskWithEdges(task, encoder, prior) : task;
    });
    return new SasRec(trained, prior?.edges.provenance);
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<SasRec> {
    const trained = await loadEncoder(dir, KIND, {
      restored: (from, saved) => {
        const { settings, provenance } = restoredWithEdges(from, saved, SASREC);
        return { ...settings, provenance };
      },
    });
    const { provenance, ...config } = trained.config;
    return new SasRec({ ...trained, config }, provenance);
  }
}

function checkObjective({ competitors, loss, shareNegatives, logQ }: Config): void {
  if (competitors === 'unseen' && loss !== 'cross-entropy' && !shareNegatives)
    throw new InvalidInputError({
      expected: "competitors to be 'all' or, with the loss 'cross-entropy' or shared negatives, 'unseen'",
      received: `"unseen" with ${loss}`,
      hint: "Leave competitors out: negatives of a position are never an item of the user. Or use the loss 'cross-entropy'.",
    });
  if (logQ && loss !== 'sampled-softmax')
    throw new InvalidInputError({
      expected: "logQ with the loss 'sampled-softmax'",
      received: `logQ with ${loss}`,
      hint: 'Leave logQ out: the other losses are not sums over the catalogue that samples could estimate.',
    });
}
