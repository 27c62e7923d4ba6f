import type { Dataset } from '@palate/core';
import { type EpochReport, fitNetwork, RowTables } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { RelationGraph } from '../graph/relation-graph.js';
import { GRAPH_RECOMMENDER, type GraphRecommenderOptions, type GraphSettings } from './graph-options.js';
import { heldOutRanks } from './held-out-ranks.js';
import { tripleBatches } from './triple-batches.js';
import type { TripleNetwork } from './triple-network.js';
import { scoresOfUsers } from './user-batches.js';

/** Smallest rate that `rateDecay` leads to. */
const LEAST_RATE = 1e-5;

/** Trains the network on the edges of the graph: rows of entities as a step touches them, relations at every step. */
export function fitTriples(
  { log }: Dataset,
  graph: RelationGraph,
  network: TripleNetwork,
  settings: GraphSettings,
  options: GraphRecommenderOptions,
): Promise<readonly EpochReport[]> {
  const { batchSize, negativesPerTriple, negatives, dropout, loss, learningRate, rateDecay, validation } =
    settings;
  return fitNetwork({
    parameters: network.parameters,
    outer: new RowTables(network.parameters, network.lookups, { weightDecay: settings.weightDecay }),
    settings,
    options,
    identity: GRAPH_RECOMMENDER.identity(settings, log, options.seed ?? 0),
    batches: (_, random) =>
      tripleBatches(graph, { batchSize, negatives: negativesPerTriple, range: negatives }, random),
    schedule: (stepsPerEpoch) => {
      const perEpoch = Math.max(1, stepsPerEpoch());
      return (step) =>
        Math.min(
          learningRate,
          Math.max(LEAST_RATE, learningRate * rateDecay ** Math.floor((step - 1) / perEpoch)),
        );
    },
    loss: (batch, pass) => {
      const scores = network.scoreRows(batch, pass, dropout);
      const [rows] = scores.shape;
      const truth = tf.slice(scores, [0, 0], [rows, 1]);
      const other = tf.slice(scores, [0, 1], [rows, negativesPerTriple]);
      const losses =
        loss === 'pairwise'
          ? tf.sum(tf.softplus(tf.sub(other, truth)), 1)
          : tf.add(tf.sum(tf.softplus(tf.neg(truth)), 1), tf.sum(tf.softplus(other), 1));
      return tf.mean(losses) as tf.Scalar;
    },
    validation: validation && {
      measure: async () =>
        heldOutRanks(log, validation, (users) => scoresOfUsers(network, log.items.size, users)),
      stopBy: settings.stopBy,
    },
  });
}
