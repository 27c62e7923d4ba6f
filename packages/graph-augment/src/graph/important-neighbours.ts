import {
  defineOptions,
  type InteractionLog,
  type LongCallOptions,
  type OptionsOf,
  option,
  yieldToEventLoop,
} from '@palate/core';
import { bipartiteGraph } from './bipartite-graph.js';
import { PAGE_RANK } from './page-rank.js';
import { pushTogether, TOGETHER } from './push-together.js';

/** Options of {@link importantNeighbours}. */
export const IMPORTANT_NEIGHBOURS = defineOptions('importantNeighbours', {
  ...PAGE_RANK.declarations,
  // A tolerance of 0 would never end: sweeps leave a little everywhere.
  tolerance: option.number({ min: 1e-15 })({
    default: 1e-6,
    doc: PAGE_RANK.declarations.tolerance.doc,
  }),
  count: option.integer({ min: 1 })({ default: 3, doc: 'neighbours of an item' }),
  least: option.integer({ min: 0 })({ default: 8, doc: 'least interactions of a neighbour' }),
  correctPopularity: option.boolean()({
    default: true,
    doc: "whether to divide by an item's popularity (plus twice its median): otherwise the most popular items are everyone's neighbours",
  }),
});

/** Options of {@link importantNeighbours}; {@link IMPORTANT_NEIGHBOURS} says what each does. */
export type ImportantNeighboursOptions = OptionsOf<typeof IMPORTANT_NEIGHBOURS.declarations> &
  LongCallOptions;

/**
 * Finds the important neighbours of each item: those with most mass of a personalised PageRank that starts again at the
 * item, in the user-item graph of a training log (LLM-Rec's engagement-guided prompting).
 *
 * Its cost grows with the number of items times that of edges; timers, input and cancellation have their turn after
 * every eight items.
 *
 * @returns for each item its neighbours, the most important first; equal ones by their number
 * @throws CancelledError if `signal` fires
 */
export async function importantNeighbours(
  log: InteractionLog,
  options: ImportantNeighboursOptions = {},
): Promise<number[][]> {
  const { least, correctPopularity, count, restart, tolerance } = IMPORTANT_NEIGHBOURS.settings(options);
  const { signal, onProgress } = options;
  const graph = bipartiteGraph(log);
  const items = log.items.size;
  const counts = log.itemCounts();
  const sorted = Float64Array.from(counts).sort();
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const weight = Float64Array.from(counts, (met) =>
    met < least ? 0 : correctPopularity ? 1 / (met + 2 * median) : 1,
  );
  const found: number[][] = [];
  const best = new Int32Array(count);
  const values = new Float64Array(count);
  for (let from = 0; from < items; from += TOGETHER) {
    const sources = Array.from({ length: Math.min(TOGETHER, items - from) }, (_, k) => from + k);
    const mass = pushTogether(graph, sources, { restart, tolerance });
    for (const [k, item] of sources.entries()) {
      let filled = 0;
      for (let other = 0; other < items; other++) {
        const value = mass[other * TOGETHER + k]! * weight[other]!;
        if (!(value > 0) || other === item || (filled === count && value <= values[count - 1]!)) continue;
        let at = filled < count ? filled++ : count - 1;
        for (; at > 0 && values[at - 1]! < value; at--) {
          values[at] = values[at - 1]!;
          best[at] = best[at - 1]!;
        }
        values[at] = value;
        best[at] = other;
      }
      found.push(Array.from(best.subarray(0, filled)));
    }
    onProgress?.({ phase: 'important neighbours', done: found.length, total: items });
    await yieldToEventLoop(signal, 'finding important neighbours');
  }
  return found;
}
