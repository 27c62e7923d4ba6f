import { type LongCallOptions, type Retriever, yieldToEventLoop } from '@palate/core';
import type { InstructionSample } from './instruction-data.js';

/** Samples asked for at once. */
const BLOCK = 512;

/**
 * Puts a retriever's own best in place of the similar negatives of every other sample with candidates: what a ranker will
 * meet are those, the hardest. The others keep what `instructionData` drew, so that the ranker learns no one retriever.
 *
 * The best of its list are taken, in its order, none at random; labels are among the candidates in any case.
 */
export async function withRetrieved(
  samples: readonly InstructionSample[],
  retriever: Retriever,
  length: number,
  { signal }: LongCallOptions,
): Promise<InstructionSample[]> {
  const concerned = samples
    .filter(({ task }) => task === 'recommend-retrieval')
    .filter((_, k) => k % 2 === 0);
  const found = new Map<InstructionSample, InstructionSample>();
  for (let from = 0; from < concerned.length; from += BLOCK) {
    await yieldToEventLoop(signal, 'making instruction data');
    const some = concerned.slice(from, from + BLOCK);
    const lists = await retriever.retrieve(
      some.map(({ history }) => ({ history })),
      length,
      { signal },
    );
    for (const [k, sample] of some.entries()) {
      const known = new Set([...sample.labels, ...sample.history]);
      const best = (lists[k] ?? []).flatMap(({ item }) => (known.has(item) ? [] : [item]));
      const drawn = sample.candidates.filter((item) => !known.has(item) && !best.includes(item));
      found.set(sample, {
        ...sample,
        candidates: [...sample.labels, ...best, ...drawn].slice(0, sample.candidates.length),
      });
    }
  }
  return samples.map((sample) => found.get(sample) ?? sample);
}
