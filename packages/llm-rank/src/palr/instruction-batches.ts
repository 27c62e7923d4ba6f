import type { RandomStream } from '@palate/core';
import type { Batch } from '@palate/nn';
import type { InstructionSample } from './instruction-data.js';

/** Batches of one task each, in random order. */
export function instructionBatches(
  samples: readonly InstructionSample[],
  batchSize: number,
  random: RandomStream,
  make: (chunk: readonly InstructionSample[], random: RandomStream) => Batch,
): (() => Batch)[] {
  const batches: (() => Batch)[] = [];
  for (const task of ['recommend', 'recommend-retrieval'] as const) {
    const own = random.fork(task).shuffle(samples.filter((sample) => sample.task === task));
    for (let from = 0; from < own.length; from += batchSize) {
      const chunk = own.slice(from, from + batchSize);
      batches.push(() => make(chunk, random.fork(`${task} ${from}`)));
    }
  }
  return random.fork('batches').shuffle(batches);
}
