import { join } from 'node:path';
import { type CommandContext, checkWritable, table, withProgress } from '@palate/command-line';
import {
  type Dataset,
  type IdMap,
  InvalidInputError,
  ParseError,
  type Provenance,
  userCacheFolder,
  withLog,
} from '@palate/core';
import { ANSWERS_CAVEAT, loadRankings, rankingProvenance } from '@palate/dataset-movietweetings';
import { type JsonRecord, leaveOneOut, readJsonLines } from '@palate/datasets';
import { distilRanker, methodContext } from '@palate/engine';
import { bootstrapInterval, ndcgOfLists } from '@palate/eval';
import type { TaughtRanking } from '@palate/llm-rank';
import { BUNDLED } from '../bundled.js';
import type { FittingOptions } from '../command-options.js';
import { loadData } from '../data.js';
import { knownOf } from '../engine/known-of.js';

/** Options of `palate distil`. */
export interface DistilCommandOptions extends FittingOptions {
  readonly rankings?: string | undefined;
  readonly train?: number | undefined;
  readonly epochs: number;
  readonly out?: string | undefined;
}

/** Share of the rankings that are learned from where nothing else is said. */
const TRAIN_SHARE = 2 / 3;

/**
 * `palate distil`: trains a local ranker on a large language model's recorded choices among candidates, and judges it on the
 * last interactions of the users whose rankings it did not see.
 */
export async function distilCommand(options: DistilCommandOptions, context: CommandContext): Promise<void> {
  const { signal, print } = context;
  const folder = join(options.artifacts ?? userCacheFolder(), 'distil');
  await checkWritable(folder);
  const dataset = await loadData(options.data, { signal });
  const split = leaveOneOut(dataset.log);
  const { rankings, provenance, caveat } = await rankingsOf(options, dataset);
  const count = options.train ?? Math.round(TRAIN_SHARE * rankings.length);
  if (count < 10 || count >= rankings.length)
    throw new InvalidInputError({
      expected: `--train from 10 to ${rankings.length - 1}, so that rankings are left to evaluate on`,
      received: String(count),
      hint: 'Record more rankings, or train on fewer.',
    });
  const train = withLog(dataset, split.train);
  const knowledge = await knownOf(options.data, dataset);
  const ranker = await withProgress('distil', context, ({ onProgress }) =>
    distilRanker(
      train,
      rankings.slice(0, count),
      methodContext(train, { folder, knowledge, seed: options.seed, signal, onProgress }),
      { epochs: options.epochs, rankingsProvenance: provenance },
    ),
  );
  if (options.out !== undefined) await ranker.save(options.out);
  const judged = rankings.slice(count);
  const users = judged.map(({ user }) => dataset.log.users.indexOf(user));
  const targets = users.map((user) => split.test.history(user));
  const queries = users.map((user) => ({
    user: dataset.log.users.idOf(user),
    history: split.known.history(user),
  }));
  const given = judged.map(({ candidates }) => candidates.map((item, at) => ({ item, score: -at })));
  const systems = [
    { name: 'retriever', lists: given },
    { name: 'large model', lists: judged.map(({ ranking }) => ranking.map((item) => ({ item }))) },
    { name: 'distilled, alone', lists: await ranker.rank(queries, given, 10, { orderWeight: 0, signal }) },
    {
      name: `distilled, order ${ranker.orderWeight}`,
      lists: await ranker.rank(queries, given, 10, { signal }),
    },
  ];
  const [before] = systems as [(typeof systems)[number]];
  const each = (lists: (typeof systems)[number]['lists']): number[] =>
    lists.map((list, q) => ndcgOfLists([list], [targets[q] ?? []], 10));
  const base = each(before.lists);
  const rows = systems.map(({ name, lists }) => {
    const own = each(lists);
    const { mean, low, high } = bootstrapInterval(own.map((value, q) => value - (base[q] as number)));
    return { system: name, ndcg: ndcgOfLists(lists, targets, 10), difference: mean, low, high };
  });
  if (context.json) {
    context.printJson({
      trained: count,
      judged: judged.length,
      orderWeight: ranker.orderWeight,
      rows,
      caveat,
    });
    return;
  }
  print(`Trained on ${count} rankings, evaluated on the last interactions of ${judged.length} other users:`);
  const columns = [
    { heading: 'system' },
    { heading: 'NDCG@10', align: 'right' },
    { heading: 'difference to the retriever, 95 %' },
  ] as const;
  const cells = rows.map(({ system, ndcg, difference, low, high }) => [
    system,
    ndcg.toFixed(4),
    system === 'retriever' ? '' : `${signed(difference)} [${signed(low)}, ${signed(high)}]`,
  ]);
  for (const line of table(columns, cells)) print(line);
  if (caveat !== undefined) print(caveat);
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;

/** Rankings of the data: from a file, or those recorded with the bundled films. */
async function rankingsOf(
  { rankings: path, data }: DistilCommandOptions,
  dataset: Dataset,
): Promise<{
  readonly rankings: TaughtRanking[];
  readonly provenance: Provenance | undefined;
  readonly caveat: string | undefined;
}> {
  const { items, users } = dataset.log;
  if (path !== undefined) {
    const rankings: TaughtRanking[] = [];
    await readJsonLines(path, (record, line) => {
      rankings.push(readRanking(record, users, items, path, line));
    });
    return { rankings, provenance: undefined, caveat: undefined };
  }
  if (data !== BUNDLED)
    throw new InvalidInputError({
      expected: '--rankings for data other than the bundled films',
      received: 'none',
      hint: 'Write one JSON object per line: {"user", "history", "candidates", "ranking"}, ids oldest or best first.',
    });
  const recorded = await loadRankings();
  return {
    rankings: recorded.map(({ user, history, retrieved, ranking }) => ({
      user,
      history: history.map((id) => items.indexOf(id)),
      candidates: retrieved.map((id) => items.indexOf(id)),
      ranking: ranking.map((id) => items.indexOf(id)),
    })),
    provenance: rankingProvenance(dataset.log),
    caveat: ANSWERS_CAVEAT,
  };
}

function readRanking(
  record: JsonRecord,
  users: IdMap,
  items: IdMap,
  file: string,
  line: number,
): TaughtRanking {
  const refuse = (expected: string, received: unknown): ParseError =>
    new ParseError(
      { file, line, column: 1 },
      {
        expected,
        received: (JSON.stringify(received) ?? 'nothing').slice(0, 80),
        hint: 'Write {"user", "history", "candidates", "ranking"} with ids of the data: history oldest first, the others best first.',
      },
    );
  const idsOf = (field: string): number[] => {
    const ids: unknown = record[field];
    if (!Array.isArray(ids)) throw refuse(`a list of item ids as ${field}`, ids);
    return ids.map((id: unknown) => {
      const item = typeof id === 'string' ? items.find(id) : undefined;
      if (item === undefined) throw refuse(`ids of items of the data in ${field}`, id);
      return item;
    });
  };
  const { user } = record;
  if (typeof user !== 'string' || users.find(user) === undefined) throw refuse('a user of the data', user);
  return { user, history: idsOf('history'), candidates: idsOf('candidates'), ranking: idsOf('ranking') };
}
