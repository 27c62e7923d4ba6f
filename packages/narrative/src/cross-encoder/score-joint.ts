import { yieldToEventLoop } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import type { JointNetwork } from './joint-network.js';
import { joinTokens } from './joint-rows.js';

/** Rows that are scored at once. */
const ROWS = 16;

/** Scores of pairs of tokens by a network as it is, in batches of one size, so that few graphs serve all. */
export async function scoreJoint(
  network: JointNetwork,
  pairs: readonly { readonly request: Int32Array; readonly item: Int32Array }[],
  most: { readonly requestTokens: number; readonly itemTokens: number },
  signal?: AbortSignal,
): Promise<Float32Array> {
  const scores = new Float32Array(pairs.length);
  const length = ({ request, item }: { readonly request: Int32Array; readonly item: Int32Array }): number =>
    request.length + item.length;
  // Rows of like length go together; the order among them does not matter to their scores.
  const order = pairs.map((_, k) => k).sort((a, b) => length(pairs[b]!) - length(pairs[a]!) || a - b);
  for (let from = 0; from < order.length; from += ROWS) {
    if (from > 0) await yieldToEventLoop(signal, 'scoring pairs');
    const chunk = order.slice(from, from + ROWS);
    const rows = joinTokens(
      chunk.map((k) => pairs[k]!),
      most,
      ROWS,
    );
    const result = tf.tidy(() => {
      const tensor = (values: Float32Array): tf.Tensor2D => tf.tensor2d(values, [ROWS, rows.length]);
      return network.scores(
        tf.tensor2d(rows.ids, [ROWS, rows.length], 'int32'),
        tensor(rows.ofRequest),
        tensor(rows.ofItem),
      );
    });
    const values = await result.data<'float32'>();
    result.dispose();
    for (const [row, k] of chunk.entries()) scores[k] = values[row]!;
  }
  return scores;
}
