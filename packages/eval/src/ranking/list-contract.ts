import type { ScoredItem } from '@palate/core';

/** Ways in which a list can break the contract of `Retriever`. */
export const VIOLATIONS = [
  'unanswered',
  'short list',
  'long list',
  'repeated item',
  'unknown item',
  'history item',
  'no candidate',
  'rising scores',
] as const;
/**
 * A way in which a list breaks the contract of `Retriever`: no entry at all, fewer or more than `min(k, available)`,
 * an item twice, an index outside of the catalogue, an item of the masked history, an item that is not among the
 * query's candidates, or a score above the one before it.
 */
export type Violation = (typeof VIOLATIONS)[number];

/** Broken contracts of one evaluation, in queries. */
export interface ContractViolations {
  /** Queries asked. */
  readonly queries: number;
  /** Queries with a list that broke the contract in any way. */
  readonly violated: number;
  /** Queries by kind, only of those that occurred; one query may count for several. */
  readonly kinds: Readonly<Partial<Record<Violation, number>>>;
  /** User of the first query of each kind. */
  readonly firstUsers: Readonly<Partial<Record<Violation, string>>>;
}

/** Terms that a list is held against. */
export interface ListTerms {
  readonly itemCount: number;
  /** Entries asked for. */
  readonly k: number;
  readonly masked: ReadonlySet<number>;
  readonly candidates?: ReadonlySet<number> | undefined;
}

/**
 * Finds how a list breaks the contract.
 *
 * @returns the kinds, without repetition, and for each of the first `k` entries whether it stands for an item that
 *   the query may get, for the first time
 */
export function checkList(
  list: readonly ScoredItem[],
  terms: ListTerms,
): { kinds: Set<Violation>; isGood: boolean[] } {
  const { itemCount, k, masked, candidates } = terms;
  const kinds = new Set<Violation>();
  let available = candidates ? 0 : itemCount - masked.size;
  if (candidates) for (const item of candidates) if (!masked.has(item)) available++;
  const wanted = Math.min(k, available);
  if (list.length === 0 && wanted > 0) kinds.add('unanswered');
  else if (list.length < wanted) kinds.add('short list');
  else if (list.length > wanted) kinds.add('long list');
  const met = new Set<number>();
  const isGood: boolean[] = [];
  let before = Number.POSITIVE_INFINITY;
  for (const { item, score } of list.slice(0, k)) {
    const bad: Violation | undefined =
      !Number.isInteger(item) || item < 0 || item >= itemCount
        ? 'unknown item'
        : met.has(item)
          ? 'repeated item'
          : masked.has(item)
            ? 'history item'
            : candidates && !candidates.has(item)
              ? 'no candidate'
              : undefined;
    if (bad) kinds.add(bad);
    isGood.push(bad === undefined);
    met.add(item);
    if (score > before) kinds.add('rising scores');
    before = score;
  }
  return { kinds, isGood };
}

/** Counts the broken contracts of an evaluation. */
export class ViolationCounter {
  readonly #kinds = new Map<Violation, number>();
  readonly #firstUsers = new Map<Violation, string>();
  #queries = 0;
  #violated = 0;

  /** Counts a query and how its list broke the contract. */
  add(user: string, kinds: ReadonlySet<Violation>): void {
    this.#queries++;
    if (kinds.size > 0) this.#violated++;
    for (const kind of kinds) {
      this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
      if (!this.#firstUsers.has(kind)) this.#firstUsers.set(kind, user);
    }
  }

  /** Counts so far. */
  counts(): ContractViolations {
    return {
      queries: this.#queries,
      violated: this.#violated,
      kinds: Object.fromEntries(this.#kinds),
      firstUsers: Object.fromEntries(this.#firstUsers),
    };
  }
}

/** Adds the counts of several evaluations up; first users are those of the first that has the kind. */
export function sumViolations(all: readonly ContractViolations[]): ContractViolations {
  const kinds = new Map<string, number>();
  for (const each of all)
    for (const [kind, count] of Object.entries(each.kinds)) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  return {
    queries: all.reduce((sum, { queries }) => sum + queries, 0),
    violated: all.reduce((sum, { violated }) => sum + violated, 0),
    kinds: Object.fromEntries(kinds),
    firstUsers: Object.assign({}, ...[...all].reverse().map(({ firstUsers }) => firstUsers)),
  };
}
