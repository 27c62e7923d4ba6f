import { readFileSync } from 'node:fs';
import {
  checkNumber,
  checkOptions,
  checkProvenance,
  checkSharedIds,
  fingerprint,
  InvalidInputError,
  isCatalogueScorer,
  LONG_CALL_OPTIONS,
  RandomStream,
  type Retriever,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { checkCandidateRule, type RankingProtocol } from './protocol.js';
import { parseMetric } from './rank-metrics.js';
import { RankingCollector } from './ranking-collector.js';
import type { RankingData, RankingOptions } from './ranking-options.js';
import type { RankingResult } from './ranking-result.js';

const OPTION_NAMES = [
  ...LONG_CALL_OPTIONS,
  'metrics',
  'candidates',
  'maskHistory',
  'grades',
  'split',
  'slices',
  'perUser',
  'itemVectors',
  'blockBytes',
  'resamples',
];

const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

/**
 * Measures how well a retriever ranks the held-out items of each test user.
 *
 * Users are scored in blocks, so that memory is bounded by `blockBytes` whatever the numbers of users and items;
 * time is one pass over users times items. Systems that cannot score the whole catalogue are asked for lists as
 * long as the largest cut-off; what is not in them counts as not found.
 *
 * @param data - histories and held-out interactions
 * @returns one record with values, intervals, protocol and provenance
 * @throws InvalidInputError for unknown metrics or options, logs that do not share ids, or scores that are no numbers
 * @example
 * ```ts
 * const split = leaveOneOut(dataset.log);
 * const result = await evaluateRanking(retriever, { history: split.train, test: split.test });
 * console.log(result.metrics['ndcg@10']);
 * ```
 */
export async function evaluateRanking(
  retriever: Retriever,
  data: RankingData,
  options: RankingOptions = {},
): Promise<RankingResult> {
  checkOptions('evaluateRanking', options, OPTION_NAMES);
  const started = performance.now();
  const { history, test } = data;
  checkSharedIds('the history', history, test);
  if (retriever.provenance)
    checkProvenance(`what ${retriever.name} was built with`, retriever.provenance, {
      rows: test,
      history,
      training: [history, ...(data.train ? [data.train] : [])].map(fingerprint),
    });
  const metrics = (options.metrics ?? ['hr@10', 'ndcg@10', 'mrr@10']).map(parseMetric);
  const protocol: RankingProtocol = {
    candidates: options.candidates ?? 'full',
    maskHistory: options.maskHistory ?? true,
    ties: 'pessimistic',
    grades: options.grades ?? 'binary',
    ...(options.split === undefined ? {} : { split: options.split }),
  };
  const cutoffs = metrics.map((metric) => ('k' in metric ? metric.k : 0)).filter(Number.isFinite);
  checkCandidateRule(protocol.candidates, Math.max(0, ...cutoffs));
  if (protocol.grades === 'rating' && !test.rating)
    throw new InvalidInputError({
      expected: 'test interactions with ratings to take for grades',
      received: 'none',
      hint: "Use grades: 'binary'.",
    });

  const seed = options.seed ?? 0;
  const collector = new RankingCollector(metrics, data, retriever.items, protocol, options);
  const users = collector.testUsers;
  const n = retriever.items.size;
  const blockBytes = checkNumber('blockBytes', options.blockBytes ?? 64 * 2 ** 20, { min: 1 });
  const block = Math.max(1, Math.min(1024, Math.floor(blockBytes / (4 * n))));
  const depth = protocol.candidates === 'full' ? Math.max(1, ...cutoffs) : n;
  const scorer = isCatalogueScorer(retriever) ? retriever : undefined;
  const random = new RandomStream(seed).fork('sampled candidates');
  const shared = { ...(options.signal ? { signal: options.signal } : {}), seed };
  for (let from = 0; from < users.length; from += block) {
    throwIfCancelled(options.signal, `evaluating ${retriever.name}`);
    const chunk = users.subarray(from, from + block);
    const queries = Array.from(chunk, (user) => collector.query(user));
    const candidates = Array.from(chunk, (user) => collector.sampleCandidates(user, random));
    if (scorer) {
      const scores = await scorer.scoreAll(queries, shared);
      if (scores.length !== queries.length * n)
        throw new InvalidInputError({
          expected: `${queries.length} x ${n} scores from ${retriever.name}`,
          received: String(scores.length),
          hint: 'Return one score for every query and item.',
        });
      for (let q = 0; q < chunk.length; q++) {
        const row = scores.subarray(q * n, (q + 1) * n);
        for (let item = 0; item < n; item++)
          if (!Number.isFinite(row[item])) throw notANumber(retriever, item, row[item]!);
        collector.add(chunk[q]!, row, candidates[q]);
      }
    } else {
      const asked = queries.map((query, q) =>
        candidates[q] ? { ...query, candidates: candidates[q] } : query,
      );
      const lists = await retriever.retrieve(asked, Math.min(depth, n), {
        ...shared,
        includeHistory: !protocol.maskHistory,
      });
      const row = new Float32Array(n);
      for (const [q, list] of lists.entries()) {
        row.fill(Number.NEGATIVE_INFINITY);
        for (const { item, score } of list) {
          if (!Number.isFinite(score)) throw notANumber(retriever, item, score);
          row[item] = score;
        }
        collector.add(chunk[q]!, row, candidates[q]);
      }
    }
    options.onProgress?.({
      phase: `evaluate ${retriever.name}`,
      done: Math.min(users.length, from + block),
      total: users.length,
    });
    await yieldToEventLoop(options.signal, `evaluating ${retriever.name}`);
  }
  return {
    schema: 'palate-ranking-result',
    schemaVersion: 1,
    system: retriever.name,
    protocol,
    ...collector.finish(seed),
    ...(scorer ? {} : { listDepth: Math.min(depth, n) }),
    seed,
    seconds: (performance.now() - started) / 1000,
    peakMemoryMb: process.resourceUsage().maxRSS / 1024,
    versions: { '@palate/eval': VERSION, node: process.versions.node },
    fingerprints: { history: fingerprint(history), test: fingerprint(test) },
  };
}

function notANumber(retriever: Retriever, item: number, score: number): InvalidInputError {
  return new InvalidInputError({
    expected: `finite scores from ${retriever.name}`,
    received: `${score} for the item ${JSON.stringify(retriever.items.idOf(item))}`,
    hint: 'The model has diverged or divides by zero: train it again with a lower learning rate, or repair its scoring.',
  });
}
