import { checkNumber, checkOptions } from '../basics/options.js';
import { throwIfCancelled } from '../basics/progress.js';
import { checkCandidates } from './check-candidates.js';
import { type Query, RETRIEVE_OPTIONS, type RetrieveOptions, type ScoredItem } from './retriever.js';
import { checkQueryItems } from './top-k.js';

/** Who is asked, as {@link checkRetrieval} and {@link checkRanking} have to know. */
export interface Asked {
  /** Name for messages. */
  readonly name: string;
  /** Size of the catalogue. */
  readonly itemCount: number;
  /** Names of the options that it reads beside {@link RETRIEVE_OPTIONS}. */
  readonly known?: readonly string[] | undefined;
}

/**
 * Checks what a retriever is asked, before it does any work: the first line of each `retrieve`.
 *
 * @throws InvalidInputError for unknown options, a `k` that is no whole number of at least 1, or an item out of range
 * @throws CancelledError if `signal` has fired
 */
export function checkRetrieval(
  asked: Asked,
  queries: readonly Query[],
  k: number,
  options: RetrieveOptions,
): void {
  checkAsked('retrieve', asked, queries, k, options);
}

/**
 * Checks what a ranker is asked, before it does any work: the first line of each `rank`.
 *
 * @throws InvalidInputError for unknown options, a `k` that is no whole number of at least 1, an item out of range, an item
 *   twice in a list, a score that is not finite, or lists that are not one a query
 * @throws CancelledError if `signal` has fired
 */
export function checkRanking(
  asked: Asked,
  queries: readonly Query[],
  candidates: readonly (readonly ScoredItem[])[],
  k: number,
  options: RetrieveOptions,
): void {
  checkAsked('rank', asked, queries, k, options);
  checkCandidates(queries, candidates, asked.itemCount);
}

function checkAsked(
  call: 'retrieve' | 'rank',
  { name, itemCount, known = [] }: Asked,
  queries: readonly Query[],
  k: number,
  options: RetrieveOptions,
): void {
  checkOptions(call, options, [...RETRIEVE_OPTIONS, ...known]);
  checkNumber('k', k, { min: 1, integer: true });
  for (const query of queries) checkQueryItems(query, itemCount);
  throwIfCancelled(options.signal, name);
}
