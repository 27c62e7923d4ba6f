/**
 * Moves labels apart along a line, each as little as need be, so that no two are nearer than the gap.
 *
 * @param wanted - where each label would stand, in pixels
 * @param gap - least distance of two labels
 * @returns where each label stands, in the order given
 */
export function spreadLabels(wanted: readonly number[], gap: number): number[] {
  const order = wanted.map((_, k) => k).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
  // Blocks of labels that touch, each centred on where its labels would stand.
  const blocks: { first: number; count: number; sum: number }[] = [];
  const topOf = ({ count, sum }: { count: number; sum: number }): number =>
    sum / count - ((count - 1) * gap) / 2;
  for (const [k, label] of order.entries()) {
    blocks.push({ first: k, count: 1, sum: wanted[label] ?? 0 });
    for (;;) {
      const last = blocks.at(-1);
      const before = blocks.at(-2);
      if (!last || !before || topOf(before) + before.count * gap <= topOf(last)) break;
      blocks.splice(-2, 2, {
        first: before.first,
        count: before.count + last.count,
        sum: before.sum + last.sum,
      });
    }
  }
  const spread = new Array<number>(wanted.length).fill(0);
  for (const block of blocks)
    for (let k = 0; k < block.count; k++) spread[order[block.first + k] ?? 0] = topOf(block) + k * gap;
  return spread;
}
