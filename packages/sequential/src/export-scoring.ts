import type { GraphToFreeze } from '@palate/nn';
import { exportOnnx, type NamedTensors } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { type HistoryScoring, scoresAtEnd } from './encode-histories.js';

/**
 * Histories as `items`, int32 `[batch, positions]`, the newest item at the right end and -1 where there is none; and `gaps` of
 * the same shape, the bucket of the time before each item, where the model reads it.
 */
export type ScoringInputs = NamedTensors;

/**
 * The serving graph as an ONNX model with any batch size: `items`, int32 `[batch, positions]`, the newest at the right end
 * and -1 where there is none; gives `scores`, `[batch, itemCount]`, the favourites for a row without items.
 */
export function exportScoring(scoring: HistoryScoring): Uint8Array {
  const { run, example } = scoringGraph(scoring, longestHistory(scoring));
  const inputs = example();
  try {
    return exportOnnx(run, inputs, { dynamicBatch: true });
  } finally {
    tf.dispose(Object.values(inputs));
  }
}

/** Items of a history that are read at most. */
export function longestHistory({ maxLength, endToken }: HistoryScoring): number {
  return endToken === undefined ? maxLength : maxLength - 1;
}

/** The serving graph for histories of up to `positions` items. */
export function scoringGraph(scoring: HistoryScoring, positions: number): GraphToFreeze<ScoringInputs> {
  const { endToken, itemCount, timeGaps } = scoring;
  return {
    example: () => ({
      items: tf.fill([1, positions], -1, 'int32'),
      ...(timeGaps ? { gaps: tf.zeros([1, positions], 'int32') } : {}),
    }),
    run: ({ items, gaps }) => {
      const history = items as tf.Tensor2D;
      const favourites = tf.tensor2d(scoring.favourites.scores, [1, itemCount]);
      const there = tf.cast(tf.greaterEqual(history, tf.scalar(0, 'int32')), 'float32') as tf.Tensor2D;
      const isKnown = tf.max(there, 1, true);
      const answer = (scores: tf.Tensor2D): tf.Tensor2D =>
        tf.add(tf.mul(scores, isKnown), tf.mul(tf.sub(1, isKnown), favourites));
      const ids = tf.maximum(history, tf.scalar(0, 'int32')) as tf.Tensor2D;
      if (endToken === undefined)
        return { scores: answer(scoresAtEnd(scoring, ids, there, undefined, gaps)) };
      // A column of end tokens of whatever height the batch has.
      const column = tf.mul(tf.slice(ids, [0, 0], [history.shape[0], 1]), tf.scalar(0, 'int32'));
      return {
        scores: answer(
          scoresAtEnd(
            scoring,
            tf.concat([ids, tf.add(column, tf.scalar(endToken, 'int32'))], 1) as tf.Tensor2D,
            tf.concat([there, tf.add(tf.cast(column, 'float32'), 1)], 1) as tf.Tensor2D,
          ),
        ),
      };
    },
  };
}
