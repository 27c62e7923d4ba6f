// Time of answering a request - encode it, search 2,414 items, re-rank 50 - beside encoding it alone, and beside the same
// encoder and search in PyTorch, where PYTHON (or python3) has it. What is compared runs in turns; times are the
// processor's, which do not count what others take on a busy machine.
//   pnpm run script packages/narrative/bench/answer.ts [--threads 1] [--requests 40] [--deep 2]
import { Catalog, createDataset, InteractionLog, Pipeline, WORLD } from '@palate/core';
import { useLiteParts } from '@palate/llm';
import { selectBackend } from '@palate/nn';
import { besidePython, median, numberArguments, processorTime } from '../../../scripts/bench.js';
import {
  BiEncoder,
  CrossEncoder,
  LateCrossEncoder,
  LikelihoodRanker,
  NarrativeRanker,
  NarrativeRetriever,
  requestPairs,
  UnigramLikelihood,
} from '../src/index.js';

const { threads, requests: count, deep } = numberArguments({ threads: 1, requests: 40, deep: 2 });
const ITEMS = 2414;
const RERANKED = 50;
/** Tokens of a request; items have few words, since they are encoded before the clock starts. */
const TOKENS = 96;

await selectBackend('auto', { threads });
const words =
  'people steal with style under long summer sun nobody looks at old house heist farm ship storm doctor child war love city'.split(
    ' ',
  );
const text = (seed: number, length: number): string =>
  Array.from({ length }, (_, k) => words[(seed * 13 + k * (1 + (seed % 7))) % words.length]).join(' ');
const rows = Array.from({ length: ITEMS }, (_, k) => ({ user: 'all', item: `i${k}`, timestamp: k }));
const log = InteractionLog.fromRows(rows);
const texts = Array.from({ length: ITEMS }, (_, k) => `${text(k, 10)} ${k}`);
const catalog = new Catalog({ items: log.items, text: { about: texts } });
const dataset = createDataset({ name: 'drawn', log, catalog, licence: 'MIT', source: 'drawn' });
const drawn = Array.from({ length: 8 }, (_, k) => ({ user: `u${k}`, items: [`i${k}`], text: text(k, 20) }));
const pairs = requestPairs(dataset, drawn, { texts, provenance: WORLD });
const small = { epochs: 1, learningRate: 0, batchSize: 4, validationShare: 0, itemTokens: TOKENS } as const;
using encoder = await BiEncoder.fit(pairs, { ...small, requestTokens: TOKENS });
using crossEncoder = await CrossEncoder.fit(pairs, { ...small, requestTokens: TOKENS, biEncoder: encoder });
const retriever = await NarrativeRetriever.fit(dataset, { encoder, space: 'raw' });
const byLikelihood = new Pipeline(
  retriever,
  [new LikelihoodRanker(new UnigramLikelihood(texts), texts, { depth: RERANKED })],
  { candidates: RERANKED },
);
const byCrossEncoder = new Pipeline(
  retriever,
  [new NarrativeRanker(catalog, { crossEncoder, texts, depth: RERANKED })],
  { candidates: RERANKED },
);

using head = await BiEncoder.fit(pairs, { ...small, requestTokens: TOKENS, tuned: 'head' });
using late = await LateCrossEncoder.fit(pairs, {
  biEncoder: head,
  epochs: 1,
  learningRate: 0,
  batchSize: 4,
  validationShare: 0,
  requestTokens: TOKENS,
  itemTokens: TOKENS,
});
await late.score('', texts);
const byLate = new Pipeline(
  retriever,
  [new NarrativeRanker(catalog, { crossEncoder: late, texts, depth: RERANKED })],
  { candidates: RERANKED },
);

let next = 0;
/** A request that was not asked before. */
const request = (): string => `${text(next, 2 * TOKENS)} ${next++}`;
const works = {
  'encode alone': () => encoder.encode([request()]),
  'encode and search': () => retriever.retrieve([{ text: request() }], 10),
  'encode, search, re-rank 50 by likelihood': () => byLikelihood.retrieve([{ text: request() }], 10),
  'encode, search, re-rank 50 by the late cross-encoder': () => byLate.retrieve([{ text: request() }], 10),
  'encode, search, re-rank 50 by the cross-encoder': () => byCrossEncoder.retrieve([{ text: request() }], 10),
} as const;
type Work = keyof typeof works;
const times = new Map<Work, number[]>();
const names = Object.keys(works) as Work[];
for (let turn = 0; turn <= count; turn++)
  for (const name of names) {
    if (name.endsWith('by the cross-encoder') && turn > deep) continue;
    const started = processorTime();
    await works[name]();
    // The first turn makes graphs and reads texts.
    if (turn > 0) times.set(name, [...(times.get(name) ?? []), processorTime() - started]);
  }
const alone = median(times.get('encode alone') ?? []);
for (const name of names) {
  const own = median(times.get(name) ?? []);
  console.log(`${name}: ${own.toFixed(2)} ms, ${(own / alone).toFixed(2)} times encoding alone`);
}
const { vocabularySize } = await useLiteParts();
const theirs = besidePython<{ encode: number; search: number; torch: string }>(
  'PyTorch',
  new URL('answer_pytorch.py', import.meta.url),
  JSON.stringify({
    threads,
    requests: count,
    tokens: TOKENS,
    items: ITEMS,
    vocabulary: vocabularySize,
  }),
);
if (theirs)
  console.log(
    `PyTorch ${theirs.torch}: encode ${theirs.encode.toFixed(2)} ms, encode and search ${theirs.search.toFixed(2)} ms; ratios ${(alone / theirs.encode).toFixed(2)} and ${(median(times.get('encode and search') ?? []) / theirs.search).toFixed(2)}`,
  );
