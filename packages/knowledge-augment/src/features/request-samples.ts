import { type InteractionLog, InvalidInputError } from '@palate/core';
import type { RerankLists } from '../rerank/rerank-lists.js';
import type { CtrSamples } from './ctr-samples.js';

/** Candidates that a user is to be shown, before it is known how it goes. */
export interface CandidateRequest {
  /** Dense. */
  readonly user: number;
  /** Dense items to score. */
  readonly candidates: ArrayLike<number>;
  /**
   * Time of the request in seconds since 1970: the history is what came strictly before it, so that neither the
   * request's own impressions nor anything later is read. All that the log holds of the user if left out.
   */
  readonly time?: number | undefined;
}

/** Histories of a log with what was liked in them; samples have both. */
export type KnownHistories = Pick<CtrSamples, 'log' | 'liked'>;

/**
 * Samples that ask a model about the candidates of requests, one after the other: all candidates of a request have the
 * same history, and none sees another. Labels are 0, since nothing is known of them.
 *
 * @throws InvalidInputError for users or items out of range, or a time where the log has none
 * @example
 * ```ts
 * const chances = await model.predict(requestSamples(samples, [{ user: 0, candidates: [3, 14, 15], time: now }]));
 * ```
 */
export function requestSamples(known: KnownHistories, requests: readonly CandidateRequest[]): CtrSamples {
  const { log, liked } = known;
  const past = requests.map((request) => pastOf(log, request));
  const each = (of: (request: CandidateRequest, index: number) => number): Int32Array =>
    Int32Array.from(
      requests.flatMap((request, index) =>
        new Array<number>(request.candidates.length).fill(of(request, index)),
      ),
    );
  const item = Int32Array.from(requests.flatMap(({ candidates }) => Array.from(candidates)));
  const positions = each((_, index) => past[index] as number);
  return {
    log,
    liked,
    user: each(({ user }) => user),
    item,
    label: new Uint8Array(item.length),
    position: positions,
    past: positions,
  };
}

/**
 * Lists that ask a re-ranker about the candidates of requests, with histories as in {@link requestSamples}.
 *
 * @throws InvalidInputError also for requests of different lengths
 */
export function requestLists(known: KnownHistories, requests: readonly CandidateRequest[]): RerankLists {
  const { log, liked } = known;
  const length = requests[0]?.candidates.length ?? 0;
  const other = requests.find(({ candidates }) => candidates.length !== length);
  if (other || length < 2)
    throw new InvalidInputError({
      expected: 'lists of one length, at least 2',
      received: other ? `lists of ${length} and of ${other.candidates.length}` : `a list of ${length}`,
      hint: 'Cut or fill the lists, or score them separately.',
    });
  const { item, label } = requestSamples(known, requests);
  const past = Int32Array.from(requests, (request) => pastOf(log, request));
  return {
    log,
    liked,
    length,
    user: Int32Array.from(requests, ({ user }) => user),
    position: past,
    past,
    item,
    label,
  };
}

/** How many of the user's interactions a request knows. */
function pastOf(log: InteractionLog, { user, candidates, time }: CandidateRequest): number {
  log.users.idOf(user);
  for (let at = 0; at < candidates.length; at++) log.items.idOf(candidates[at] as number);
  const { offsets, row } = log.byUser();
  const start = offsets[user] as number;
  let high = offsets[user + 1] as number;
  if (time === undefined) return high - start;
  if (log.timeUnit !== 'seconds' || !Number.isFinite(time))
    throw new InvalidInputError({
      expected: 'a finite time, and a log with times to compare it with',
      received: log.timeUnit === 'seconds' ? String(time) : 'a log that knows an order within each user only',
      hint: 'Leave the time out: then the whole log of the user is the history.',
    });
  let low = start;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((log.timestamp[row[middle] as number] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low - start;
}
