import { gainOf, type ListScores } from './p5-measures.js';
import { pairedDifference } from './paired.js';

/** Lists that a row of a P5 study is measured by, of the same users in every row. */
export interface RowLists {
  /** By seen questions, then by held-out ones. */
  readonly next?: readonly ListScores[] | undefined;
  /** By a yes, by a choice, by a held-out choice, and by the question for the next item, which reads the history. */
  readonly direct?: readonly ListScores[] | undefined;
}

/** Two lists to compare: what the difference is of, and where they are. */
interface Comparison {
  readonly label: string;
  readonly first: ListScores | undefined;
  readonly second: ListScores | undefined;
}

const gains = ({ places }: ListScores): readonly number[] => places.map(gainOf);

/**
 * Differences of NDCG@10 between rows, paired by user, with their 95 % intervals, in sentences; what is not measured is left out.
 *
 * @param rows - by label
 */
export function pairedNotes(rows: ReadonlyMap<string, RowLists>): string[] {
  const of = (label: string): RowLists => rows.get(label) ?? {};
  const p5 = (ids: string, families = 'five families'): RowLists => of(`P5, ${ids}, ${families}`);
  const [independent, random, semantic] = ['independent tokens', 'random numbers', 'semantic IDs'].map(
    (ids) => p5(ids),
  ) as [RowLists, RowLists, RowLists];
  const next: Comparison[] = [
    { label: 'independent tokens − random numbers', first: independent.next?.[0], second: random.next?.[0] },
    { label: 'semantic IDs − random numbers', first: semantic.next?.[0], second: random.next?.[0] },
    {
      label: 'sequential alone − five families',
      first: p5('independent tokens', 'sequential alone').next?.[0],
      second: independent.next?.[0],
    },
    { label: 'held-out − seen question', first: independent.next?.[1], second: independent.next?.[0] },
    {
      label: 'independent tokens − SASRec',
      first: independent.next?.[0],
      second: of('SASRec, cross-entropy').next?.[0],
    },
  ];
  const direct: Comparison[] = [
    {
      label: 'next item of the history − a yes',
      first: independent.direct?.[3],
      second: independent.direct?.[0],
    },
    {
      label: 'direct alone − five families, by a yes',
      first: p5('independent tokens', 'direct alone').direct?.[0],
      second: independent.direct?.[0],
    },
    { label: 'held-out − seen choice', first: independent.direct?.[2], second: independent.direct?.[1] },
    { label: 'a yes − popularity', first: independent.direct?.[0], second: of('Popularity').direct?.[0] },
    {
      label: 'next item of the history − EASE',
      first: independent.direct?.[3],
      second: of('EASE').direct?.[0],
    },
  ];
  const sentence = (what: string, comparisons: readonly Comparison[]): string[] => {
    const told = comparisons.flatMap(({ label, first, second }) =>
      first && second ? [`${label} ${pairedDifference(gains(first), gains(second))}`] : [],
    );
    return told.length > 0 ? [`Paired differences of NDCG@10 over users, ${what}: ${told.join('; ')}.`] : [];
  };
  return [
    ...sentence('the next item among all (independent tokens where nothing else is said)', next),
    ...sentence('one of 100 (independent tokens)', direct),
  ];
}
