import {
  checkSharedIds,
  fingerprint,
  InvalidInputError,
  isCatalogueScorer,
  type OutcomeCounts,
  RandomStream,
  type Retriever,
  sumOutcomes,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { parseMetric } from '../metrics/rank-metrics.js';
import { DETECTABLE_FORMULA } from '../significance/detectable-difference.js';
import { checkUnseen } from './check-unseen.js';
import { missingHistory } from './missing-history.js';
import { checkCandidateRule, type RankingProtocol } from './protocol.js';
import { RankingCollector } from './ranking-collector.js';
import { RANKING, type RankingData, type RankingOptions } from './ranking-options.js';
import type { RankingResult } from './ranking-result.js';

/** Versions of what measured; in a bundle or a browser, as far as they can be told. */
function versions(): Readonly<Record<string, string>> {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs');
  let own: string | undefined;
  try {
    const manifest = JSON.parse(
      fs?.readFileSync(new URL('../../package.json', import.meta.url), 'utf8') ?? '{}',
    ) as { name?: string; version?: string };
    if (manifest.name === '@palate/eval') own = manifest.version;
  } catch {
    // Bundled into a file of another name and place.
  }
  return {
    '@palate/eval': own ?? 'bundled',
    ...(globalThis.process?.versions?.node === undefined ? {} : { node: process.versions.node }),
  };
}

/** Bytes of a list's entry, about. */
const LIST_BYTES = 48;

/**
 * Measures how well a retriever ranks the held-out items of each test user.
 *
 * Users are scored in blocks, so that memory is bounded by `blockBytes` whatever the numbers of users and items;
 * time is one pass over users times items. Systems that cannot score the whole catalogue are asked for lists as
 * long as the largest cut-off, or of the whole catalogue for `mrr` and `auc` without one; what is not in them counts as
 * not found. Lists that break the contract are measured as they were delivered (an entry that should not be there takes
 * up its position), counted by kind, and make `checkTrust`, and so reports, refuse the result beyond a share. So do
 * answers that the system says came from its fallback.
 *
 * @param data - histories and held-out interactions
 * @returns one record with values, intervals, protocol and provenance
 * @throws LeakError for a retriever whose texts or vectors know what is tested, or do not say what they know
 * @throws InvalidInputError for unknown metrics or options, logs that do not share ids, scores that are no numbers
 *   (naming user and item), or another number of lists than queries
 * @example
 * ```ts
 * const split = leaveOneOut(dataset.log);
 * const retriever = await PopularityRetriever.fit(withLog(dataset, split.train));
 * const result = await evaluateRanking(retriever, { history: split.known, test: split.test });
 * console.log(result.metrics['ndcg@10']);
 * ```
 */
export async function evaluateRanking(
  retriever: Retriever,
  data: RankingData,
  options: RankingOptions = {},
): Promise<RankingResult> {
  const settings = RANKING.settings(options);
  const started = performance.now();
  const { history, test } = data;
  checkSharedIds('the history', history, test);
  checkUnseen(retriever, data);
  const metrics = settings.metrics.map(parseMetric);
  const protocol: RankingProtocol = {
    candidates: settings.candidates,
    maskHistory: settings.maskHistory,
    ties: 'pessimistic',
    grades: settings.grades,
    split: settings.split,
  };
  const cutoffs = metrics.map((metric) => ('k' in metric ? metric.k : 0)).filter(Number.isFinite);
  checkCandidateRule(protocol.candidates, Math.max(0, ...cutoffs));
  const limits = { violations: settings.maxViolationShare, fallbacks: settings.maxFallbackShare };
  const seed = options.seed ?? 0;
  const collector = new RankingCollector(metrics, data, retriever.items, protocol, settings);
  const { users } = collector.queries;
  const n = retriever.items.size;
  const scorer = isCatalogueScorer(retriever) ? retriever : undefined;
  const needsAll = metrics.some((metric) => metric.kind === 'auc' || !Number.isFinite(metric.k));
  const depth = protocol.candidates === 'full' && !needsAll ? Math.min(n, Math.max(1, ...cutoffs)) : n;
  const block = Math.max(
    1,
    Math.min(1024, Math.floor(settings.blockBytes / (scorer ? 4 * n : LIST_BYTES * depth))),
  );
  const random = new RandomStream(seed).fork('sampled candidates');
  const told: OutcomeCounts[] = [];
  const shared = {
    signal: options.signal,
    seed,
    onOutcomes: (outcomes: OutcomeCounts): void => {
      told.push(outcomes);
    },
  };
  for (let from = 0; from < users.length; from += block) {
    throwIfCancelled(options.signal, `evaluating ${retriever.name}`);
    const chunk = users.subarray(from, from + block);
    const queries = Array.from(chunk, (user) => collector.queries.query(user));
    const candidates = Array.from(chunk, (user) => collector.queries.candidates(user, random));
    if (scorer) {
      const scores = await scorer.scoreAll(queries, shared);
      if (!ArrayBuffer.isView(scores) || scores.length !== queries.length * n)
        throw new InvalidInputError({
          expected: `a Float32Array of ${queries.length} x ${n} scores from ${retriever.name}`,
          received: ArrayBuffer.isView(scores)
            ? String(scores.length)
            : `not a typed array (${typeof scores})`,
          hint: 'Return one score for every query and item, row after row.',
        });
      for (let q = 0; q < chunk.length; q++) {
        const row = scores.subarray(q * n, (q + 1) * n);
        for (let item = 0; item < n; item++)
          if (!Number.isFinite(row[item])) throw notANumber(retriever, queries[q]?.user, item, row[item]!);
        collector.addScores(chunk[q]!, row, candidates[q]);
      }
    } else {
      const asked = queries.map((query, q) =>
        candidates[q] ? { ...query, candidates: candidates[q] } : query,
      );
      const lists = await retriever.retrieve(asked, depth, {
        ...shared,
        includeHistory: !protocol.maskHistory,
      });
      if (lists.length !== queries.length)
        throw new InvalidInputError({
          expected: `${queries.length} lists from ${retriever.name}, one for each query in its order`,
          received: String(lists.length),
          hint: 'Return an empty list for a query that cannot be answered: otherwise the later lists are assigned to the wrong users.',
        });
      for (let q = 0; q < chunk.length; q++) {
        const list = lists[q] ?? [];
        for (const [position, entry] of list.entries()) {
          if (typeof entry !== 'object' || entry === null)
            throw new InvalidInputError({
              expected: `entries { item, score } in the lists of ${retriever.name}`,
              received: `${String(entry)} at position ${position} (from 0) for the user ${JSON.stringify(queries[q]?.user)}`,
              hint: 'Leave out the positions that could not be filled: shorter lists are counted.',
            });
          if (!Number.isFinite(entry.score))
            throw notANumber(retriever, queries[q]?.user, entry.item, entry.score);
        }
        collector.addList(chunk[q]!, list, depth, candidates[q]);
      }
    }
    options.onProgress?.({
      phase: `evaluate ${retriever.name}`,
      done: Math.min(users.length, from + block),
      total: users.length,
    });
    await yieldToEventLoop(options.signal, `evaluating ${retriever.name}`);
  }
  const found = collector.finish(seed);
  const warnings = [
    missingHistory(data),
    ...metrics
      .filter(({ name }) => !(name in found.metrics))
      .map(({ name }) => `${name} is not defined for any of the ${found.users} users and is left out`),
  ].filter((warning) => warning !== undefined);
  return {
    schema: 'palate-ranking-result',
    schemaVersion: 1,
    system: retriever.name,
    protocol,
    ...found,
    outcomes: sumOutcomes(told),
    limits,
    warnings,
    detectable: DETECTABLE_FORMULA,
    ...(scorer ? {} : { listDepth: depth }),
    seed,
    seconds: (performance.now() - started) / 1000,
    peakMemoryMb: (globalThis.process?.resourceUsage?.().maxRSS ?? 0) / 1024,
    versions: versions(),
    fingerprints: { history: fingerprint(history), test: fingerprint(test) },
  };
}

function notANumber(
  retriever: Retriever,
  user: string | undefined,
  item: number,
  score: number,
): InvalidInputError {
  const id = retriever.items.size > item && item >= 0 ? retriever.items.idOf(item) : String(item);
  return new InvalidInputError({
    expected: `finite scores from ${retriever.name}`,
    received: `${score} for the item ${JSON.stringify(id)} and the user ${JSON.stringify(user)}`,
    hint: 'The model has diverged or divides by zero: train it again with a lower learning rate, or repair its scoring.',
  });
}
