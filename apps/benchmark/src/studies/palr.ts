import { Pipeline, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { bootstrapInterval, checkUnseen, ndcgOfLists } from '@palate/eval';
import { instructionData } from '@palate/llm-rank';
import { CACHE } from '../item-texts.js';
import { fitLocalRanker } from '../text-systems.js';
import { meanAndDeviation, meanOf, type Study } from './study.js';

interface PalrCell {
  readonly tuned: number;
  readonly untuned: number;
  readonly retrieverTuned: number;
  readonly retrieverUntuned: number;
  readonly ceiling: number;
  readonly orderWeight: number;
  readonly sameFirst: number;
  readonly overlap: number;
  readonly low: number;
  readonly high: number;
}

/** Study behind PALR's rows: the ceiling, users of the tuning and others, and how much the order matters. */
export const palr: Study = {
  name: 'palr',
  title: 'PALR v2 (local) on MovieTweetings: users it was tuned on and others, ceiling, sensitivity to order',
  protocol:
    'NDCG@10 on the test items of leave-one-out; candidates are the fifty best of SASRec, whose recall is the ceiling; tuned on 20 % of the users; the weight of the retriever’s scores was chosen on the tuned users’ validation items. A local ranker scores candidates and can neither invent nor leave out any: its invalid and filled shares are 0 by construction. Order: two differently shuffled askings of the model alone, share of equal first items and mean overlap of the ten best. The interval is that of the difference to SASRec over users.',
  run: async (context) => {
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    const split = leaveOneOut(dataset.log);
    const train = withLog(dataset, split.train);
    const { log } = dataset;
    const cells: PalrCell[] = [];
    for (const seed of [0, 1, 2])
      cells.push(
        await context.cell(`seed ${seed}`, [seed, split.test.length, 3], async (call) => {
          const { ranker, retriever } = await fitLocalRanker(
            train,
            { epochs: 12 },
            {
              ...call,
              seed,
              checkpoints: `${CACHE}/checkpoints/palr-study-${seed}`,
              validation: split.validation,
            },
          );
          for (const part of [ranker, retriever])
            checkUnseen(part, { history: split.known, train: split.train, test: split.test });
          // The users of the tuning are drawn by the seed: the same data give the same ones.
          const { tuned } = await instructionData(train, { seed });
          const users = Array.from({ length: log.users.size }, (_, user) => user).filter(
            (user) => split.test.history(user).length > 0,
          );
          const queries = users.map((user) => ({
            user: log.users.idOf(user),
            history: log.history(user).slice(0, -1),
          }));
          const candidates = await retriever.retrieve(queries, 50);
          const ranked = await new Pipeline(retriever, [ranker], { candidates: 50 }).retrieve(queries, 10);
          const alone = await ranker.rank(queries, candidates, 10, { orderWeight: 0, seed: 1 });
          const again = await ranker.rank(queries, candidates, 10, { orderWeight: 0, seed: 2 });
          const gain = (list: readonly { readonly item: number }[] | undefined, user: number): number =>
            ndcgOfLists([list ?? []], [split.test.history(user)], 10);
          const pick = (isTuned: boolean, lists: readonly (readonly { readonly item: number }[])[]): number =>
            meanOf(
              users.flatMap((user, q) => ((tuned[user] === 1) === isTuned ? [gain(lists[q], user)] : [])),
            );
          const differences = users.map((user, q) => gain(ranked[q], user) - gain(candidates[q], user));
          const { low, high } = bootstrapInterval(differences);
          return {
            tuned: pick(true, ranked),
            untuned: pick(false, ranked),
            retrieverTuned: pick(true, candidates),
            retrieverUntuned: pick(false, candidates),
            ceiling: meanOf(
              users.map((user, q) =>
                candidates[q]?.some(({ item }) => item === split.test.history(user)[0]) ? 1 : 0,
              ),
            ),
            orderWeight: ranker.orderWeight,
            sameFirst: meanOf(users.map((_, q) => (alone[q]?.[0]?.item === again[q]?.[0]?.item ? 1 : 0))),
            overlap: meanOf(
              users.map((_, q) => {
                const first = new Set(alone[q]?.map(({ item }) => item));
                return (again[q] ?? []).filter(({ item }) => first.has(item)).length / 10;
              }),
            ),
            low,
            high,
          };
        }),
      );
    const over = (of: (cell: PalrCell) => number): string => meanAndDeviation(cells.map(of));
    return {
      columns: ['', 'SASRec', 'PALR v2'],
      rows: [
        ['NDCG@10, users of the tuning', over((c) => c.retrieverTuned), over((c) => c.tuned)],
        ['NDCG@10, other users', over((c) => c.retrieverUntuned), over((c) => c.untuned)],
        [
          'difference over all users, 95 % interval, seed by seed',
          '',
          cells.map(({ low, high }) => `[${low.toFixed(4)}, ${high.toFixed(4)}]`).join(' '),
        ],
        ['recall@50, the ceiling of HR@10', over((c) => c.ceiling), ''],
        ['weight of the retriever’s scores', '', cells.map((c) => String(c.orderWeight)).join(', ')],
        ['equal first item under two orders', '', over((c) => c.sameFirst)],
        ['overlap of the ten best under two orders', '', over((c) => c.overlap)],
      ],
    };
  },
};
