/** MAP and NDCG of reordered lists. */
export interface RerankResult {
  readonly map: Readonly<Record<number, number>>;
  readonly ndcg: Readonly<Record<number, number>>;
  readonly lists: number;
}

/**
 * MAP@k and NDCG@k of scored lists with binary labels, as means over lists. Average precision is divided by
 * `min(k, liked)`; NDCG has gains of 1 and an ideal of as many; equal scores keep the order of the list.
 *
 * @param scores - row-major, `length` a list
 */
export function rerankMetrics(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  length: number,
  cutoffs: readonly number[] = [1, 3, 5, 7],
): RerankResult {
  const lists = labels.length / length;
  const map: Record<number, number> = Object.fromEntries(cutoffs.map((k) => [k, 0]));
  const ndcg: Record<number, number> = Object.fromEntries(cutoffs.map((k) => [k, 0]));
  for (let list = 0; list < lists; list++) {
    const order = Array.from({ length }, (_, at) => list * length + at).sort(
      (a, b) => scores[b]! - scores[a]!,
    );
    const liked = order.reduce((sum, at) => sum + labels[at]!, 0);
    if (liked === 0) continue;
    for (const k of cutoffs) {
      let hits = 0;
      let precision = 0;
      let gain = 0;
      let ideal = 0;
      for (let rank = 0; rank < Math.min(k, length); rank++) {
        if (rank < liked) ideal += 1 / Math.log2(rank + 2);
        if (!labels[order[rank] as number]) continue;
        hits++;
        precision += hits / (rank + 1);
        gain += 1 / Math.log2(rank + 2);
      }
      map[k]! += precision / Math.min(k, liked) / lists;
      ndcg[k]! += gain / ideal / lists;
    }
  }
  return { map, ndcg, lists };
}
