import type { LongCallOptions, Retriever } from '@palate/core';
import { holm, normalisedGain, randomisationTest } from '@palate/eval';
import type { TestSet } from './narrative-data.js';
import { UNTUNED_BASE } from './narrative-extent.js';
import { PLACE_METRICS } from './narrative-places.js';
import { meanAndDeviation, meanOf, type StudyTable } from './study.js';

/** Values of each request of a set. */
export type Values = Readonly<Record<'hr10' | 'ndcg10' | 'hr100', readonly number[]>>;

const METRICS = ['hr10', 'ndcg10', 'hr100'] as const;

/** A row of the table. */
export interface Row {
  readonly label: string;
  /** Values by set and seed. */
  readonly values: Readonly<Record<string, readonly Values[]>>;
}

/** Lists of a retriever, measured request by request: a request's best-ranked target decides its hit. */
export async function measure(
  retriever: Retriever,
  { requests, isPersonal }: Pick<TestSet, 'requests' | 'isPersonal'>,
  call: LongCallOptions,
): Promise<Values> {
  const lists = await retriever.retrieve(
    requests.map(({ text, exclude, user }) => ({
      text,
      exclude: isPersonal ? exclude : undefined,
      user: isPersonal ? user : undefined,
    })),
    100,
    { signal: call.signal },
  );
  const ranks = requests.map(({ targets }, q) =>
    targets.map((target) => {
      const at = lists[q]?.findIndex(({ item }) => item === target) ?? -1;
      return at < 0 ? Number.POSITIVE_INFINITY : at + 1;
    }),
  );
  const hits = (k: number): number[] => ranks.map((own) => (own.some((rank) => rank <= k) ? 1 : 0));
  return {
    hr10: hits(10),
    ndcg10: ranks.map((own) =>
      normalisedGain(
        own,
        own.map(() => 1),
        10,
      ),
    ),
    hr100: hits(100),
  };
}

/** The table: a row a system, three metrics a set, and the tests against the fusion on the first set. */
export function table(
  rows: readonly Row[],
  sets: readonly TestSet[],
  pointrec: ReadonlyMap<string, number[][]>,
): StudyTable {
  const [first] = sets;
  const against = pValues(rows, first?.name ?? '', 'BM25 and use-lite, fused');
  const againstBest = pValues(rows, first?.name ?? '', UNTUNED_BASE);
  const personal = sets.find(({ isPersonal }) => isPersonal);
  const againstSasRec = pValues(rows, personal?.name ?? '', 'SASRec');
  return {
    columns: [
      'system',
      ...sets.flatMap(({ name, requests }) =>
        ['HR@10', 'NDCG@10', 'HR@100'].map((metric) => `${name} (${requests.length}): ${metric}`),
      ),
      ...PLACE_METRICS.map((metric) => `Pointrec (36): ${metric}`),
      'p against the fusion',
      'p against the untuned fusion on stems',
      'next films: p against SASRec',
    ],
    rows: rows.map((row) => [
      row.label,
      ...sets.flatMap(({ name }) =>
        METRICS.map((metric) => {
          const seeds = row.values[name];
          return seeds === undefined
            ? ''
            : meanAndDeviation(
                seeds.map((values) => meanOf(values[metric])),
                3,
              );
        }),
      ),
      ...PLACE_METRICS.map((_, metric) => {
        const seeds = pointrec.get(row.label);
        return seeds
          ? meanAndDeviation(
              seeds.map((own) => own[metric] ?? 0),
              3,
            )
          : '';
      }),
      against.get(row)?.toFixed(3) ?? '',
      againstBest.get(row)?.toFixed(3) ?? '',
      againstSasRec.get(row)?.toFixed(3) ?? '',
    ]),
  };
}

/**
 * Chances of a difference as large in NDCG@10 on one set from a row, by the randomisation test over requests, values
 * averaged over seeds, with Holm correction; nothing where the row has no values.
 */
export function pValues(rows: readonly Row[], set: string, base: string): ReadonlyMap<Row, number> {
  const perRequest = ({ values }: Row): number[] => {
    const seeds = values[set] ?? [];
    return (seeds[0]?.ndcg10 ?? []).map((_, q) => meanOf(seeds.map(({ ndcg10 }) => ndcg10[q] as number)));
  };
  const found = rows.find(({ label }) => label === base);
  const reference = found ? perRequest(found) : [];
  if (reference.length < 2) return new Map();
  const compared = rows.filter((row) => row !== found && perRequest(row).length > 1);
  const adjusted = holm(compared.map((row) => randomisationTest(perRequest(row), reference).pValue));
  return new Map(compared.map((row, k) => [row, adjusted[k] as number]));
}
