import { meanOf } from './study.js';

/** A value without and with edges. */
export interface Change {
  readonly before: number;
  readonly after: number;
}

/** Effect of edges on one model. */
export interface ModelOutcome {
  readonly model: string;
  /** Whether its scores know of relations. */
  readonly isRelational: boolean;
  /** Of NDCG@10, after Holm. */
  readonly pValue: number;
  readonly ndcg: Change;
  /** HR@10 of all targets and of slices. */
  readonly hr: Readonly<Record<'all' | 'cold' | 'other' | 'leastActive', Change>>;
}

const SIGNIFICANT = 0.05;

/** Relative gain in words; nothing to compare with is said. */
export function gain({ before, after }: Change): string {
  if (Number.isNaN(before) || Number.isNaN(after)) return 'no targets';
  if (before === 0) return after === 0 ? '0' : 'from 0';
  const percent = (100 * (after - before)) / before;
  return `${percent >= 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

/** The change of the mean over models, which a model with few hits does not carry away. */
const pooled = (changes: readonly Change[]): Change => ({
  before: meanOf(changes.map(({ before }) => before)),
  after: meanOf(changes.map(({ after }) => after)),
});

const ratio = ({ before, after }: Change): number =>
  before === 0 ? (after === 0 ? 1 : Number.POSITIVE_INFINITY) : after / before;

/** Says of each claim of the paper whether it holds in these outcomes. */
export function claimNotes(outcomes: readonly ModelOutcome[]): string[] {
  const holds = (is: boolean): string => (is ? 'holds' : 'does not hold');
  const exceeds = (change: Change, of: Change): string =>
    Number.isNaN(ratio(change)) || Number.isNaN(ratio(of))
      ? 'cannot be said without targets'
      : // A smaller loss is no larger gain.
        holds(ratio(change) > Math.max(1, ratio(of)));
  const better = outcomes.filter(({ ndcg }) => ndcg.after > ndcg.before);
  const significant = outcomes.filter(({ pValue }) => pValue < SIGNIFICANT);
  const risen = significant.filter(({ ndcg }) => ndcg.after > ndcg.before);
  const relational = pooled(outcomes.filter(({ isRelational }) => isRelational).map(({ ndcg }) => ndcg));
  const blind = pooled(outcomes.filter(({ isRelational }) => !isRelational).map(({ ndcg }) => ndcg));
  const all = pooled(outcomes.map(({ hr }) => hr.all));
  const slice = (name: 'cold' | 'other' | 'leastActive'): Change =>
    pooled(outcomes.map(({ hr }) => hr[name]));
  const [cold, leastActive] = [slice('cold'), slice('leastActive')];
  return [
    `Gains for all models: ${holds(better.length === outcomes.length)} (NDCG@10 rises for ${better.length} of ${outcomes.length}; significantly for ${risen.length}, falls significantly for ${significant.length - risen.length}).`,
    `Largest for relational models: ${exceeds(relational, blind)} (mean NDCG@10 of models ${gain(relational)}; of those blind to relations ${gain(blind)}).`,
    `Larger for cold items: ${exceeds(cold, all)} (mean HR@10 of models ${cold.before.toFixed(4)} → ${cold.after.toFixed(4)}, ${gain(cold)}; of all targets ${gain(all)}).`,
    `Larger for the least active users: ${exceeds(leastActive, all)} (mean HR@10 of models ${gain(leastActive)}; of all targets ${gain(all)}).`,
  ];
}
