// Time of one step of fine-tuning the bi-encoder, all of it, beside the same step of a transformer of the same size in
// PyTorch, where PYTHON (or python3) has it. Both run in turns. On a busy machine look at the processor time, which does not
// count what others take.
//   pnpm run script packages/narrative/bench/step.ts [--threads 1] [--rounds 3] [--steps 6] [--batch 32]
import { Catalog, createDataset, InteractionLog, WORLD } from '@palate/core';
import { useLiteParts } from '@palate/llm';
import { selectBackend } from '@palate/nn';
import { besidePython, median, numberArguments, processorTime } from '../../../scripts/bench.js';
import { BiEncoder, requestPairs } from '../src/index.js';

const { threads, rounds, steps, batch } = numberArguments({ threads: 1, rounds: 3, steps: 6, batch: 32 });
/** Tokens of each request and each item: every text is longer, and is cut there. */
const TOKENS = 96;
/** Steps before the clock starts. */
const WARM_UP = 2;

await selectBackend('auto', { threads });
const parts = await useLiteParts();
const words = 'people steal with style under the long summer sun while nobody looks at the old house'.split(
  ' ',
);
const text = (seed: number): string =>
  Array.from({ length: 2 * TOKENS }, (_, k) => words[(seed * 7 + k * (1 + (seed % 5))) % words.length]).join(
    ' ',
  );
const items = 64;
const rows = Array.from({ length: items }, (_, k) => ({ user: 'all', item: `i${k}`, timestamp: k }));
const log = InteractionLog.fromRows(rows);
const texts = Array.from({ length: items }, (_, k) => text(k));
const catalog = new Catalog({ items: log.items, text: { about: texts } });
const dataset = createDataset({ name: 'drawn', log, catalog, licence: 'MIT', source: 'drawn' });
const requests = Array.from({ length: batch * (steps + WARM_UP) }, (_, k) => ({
  user: `u${k}`,
  items: [`i${k % items}`],
  text: text(k + items),
}));
const pairs = requestPairs(dataset, requests, { texts, provenance: WORLD });

/** A step's time by the clock and of the processor, in milliseconds. */
interface StepTime {
  readonly wall: number;
  readonly processor: number;
}

/** The steps of one fit, without those before the clock starts. */
async function ours(): Promise<StepTime[]> {
  const times: StepTime[] = [];
  let last = performance.now();
  let lastProcessor = processorTime();
  let done = 0;
  const encoder = await BiEncoder.fit(pairs, {
    loss: 'info-nce',
    pretrained: parts,
    batchSize: batch,
    requestTokens: TOKENS,
    itemTokens: TOKENS,
    validationShare: 0,
    epochs: 1,
    onProgress: () => {
      const now = performance.now();
      const processor = processorTime();
      if (++done > WARM_UP) times.push({ wall: now - last, processor: processor - lastProcessor });
      last = now;
      lastProcessor = processor;
    },
  });
  encoder.dispose();
  return times;
}

/** The same of PyTorch; nothing where it is not installed. */
const theirs = () =>
  besidePython<{ times: StepTime[]; weights: number; torch: string }>(
    'PyTorch',
    new URL('step_pytorch.py', import.meta.url),
    JSON.stringify({
      threads,
      steps,
      batch,
      tokens: TOKENS,
      warmUp: WARM_UP,
      vocabulary: parts.vocabularySize,
    }),
  );

const weights = [...parts.names.lower, ...parts.names.upper].reduce(
  (sum, name) => sum + (parts.weights[name]?.values.length ?? 0),
  0,
);
const own: StepTime[] = [];
const other: StepTime[] = [];
let torch: string | undefined;
let otherWeights = 0;
for (let round = 0; round < rounds; round++) {
  own.push(...(await ours()));
  const found = theirs();
  if (!found) break;
  other.push(...found.times);
  ({ torch, weights: otherWeights } = found);
}
const of = (times: readonly StepTime[]): StepTime => ({
  wall: median(times.map(({ wall }) => wall)),
  processor: median(times.map(({ processor }) => processor)),
});
const inWords = ({ wall, processor }: StepTime): string =>
  `${wall.toFixed(0)} ms a step, ${processor.toFixed(0)} ms of the processor`;
const mine = of(own);
console.log(
  `${weights} weights, ${batch} requests and items of ${TOKENS} tokens, AdamW, ${threads} threads: ${inWords(mine)} (medians of ${own.length})`,
);
if (torch !== undefined) {
  const peer = of(other);
  console.log(
    `PyTorch ${torch}, ${otherWeights} weights: ${inWords(peer)} (medians of ${other.length}); ratios ${(mine.wall / peer.wall).toFixed(2)} and ${(mine.processor / peer.processor).toFixed(2)}`,
  );
}
