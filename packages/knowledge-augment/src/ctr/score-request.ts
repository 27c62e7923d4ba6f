import { type AttributeValue, type IdMap, InvalidInputError } from '@palate/core';
import type { Batch } from '@palate/nn';
import { type ContextColumns, contextColumns } from '../features/context-columns.js';
import type { FeatureEncoding } from '../features/feature-encoding.js';
import { asBatch, type BatchRows, emptyRows, fillContext } from './ctr-batch.js';

/** Candidates to score for a user as things stand: nothing has to be in a log. */
export interface ScoreRequest {
  /** External id; an unknown user is described only by the history. */
  readonly user?: string | undefined;
  /** Dense items that the user met, oldest first. */
  readonly history?: ArrayLike<number> | undefined;
  /** 1 for items of the history that the user liked and 0 for others, aligned with it; all clicked if left out. */
  readonly liked?: ArrayLike<number> | undefined;
  /** Context of the request, such as the device and the hour; what the model does not get is unknown to it. */
  readonly context?: Readonly<Record<string, AttributeValue>> | undefined;
  /** Context of each candidate, such as the position at which it will be shown: columns aligned with `candidates`. */
  readonly candidateContext?: Readonly<Record<string, readonly AttributeValue[]>> | undefined;
  /** Dense items to score. */
  readonly candidates: ArrayLike<number>;
}

/** Requests as rows, one a candidate, one request after the other. */
export class RequestRows {
  /** Rows of all requests. */
  readonly count: number;
  readonly #requests: readonly ScoreRequest[];
  readonly #starts: readonly number[];
  readonly #users: readonly number[];
  readonly #context: ContextColumns;

  /** @throws InvalidInputError for items out of range, columns of other lengths, or a context that no feature reads */
  constructor(
    requests: readonly ScoreRequest[],
    ids: { readonly users: IdMap; readonly items: IdMap },
    context: readonly FeatureEncoding[],
  ) {
    for (const request of requests) checkRequest(request, ids.items, context);
    const starts = [0];
    for (const { candidates } of requests) starts.push((starts.at(-1) as number) + candidates.length);
    this.#requests = requests;
    this.#starts = starts;
    this.count = starts.at(-1) as number;
    // The row behind the last user stands for one that is not known.
    this.#users = requests.map(
      ({ user }) => (user === undefined ? undefined : ids.users.find(user)) ?? ids.users.size,
    );
    this.#context = contextColumns(context, columnsOf(requests, context), this.count, false);
  }

  /** A batch of `size` rows with those at the given positions in front. */
  batch(positions: Int32Array, size: number, historyLength: number): Batch {
    const filled = emptyRows(size, historyLength, this.#context);
    let at = this.#requestOf(positions[0] ?? 0);
    for (const [k, position] of positions.entries()) {
      while (position >= (this.#starts[at + 1] as number)) at++;
      this.#fill(filled, k, historyLength, at, position - (this.#starts[at] as number));
    }
    return asBatch(filled);
  }

  /**
   * A batch of `size` lists of one length with the requests at the given positions in front. Entries beyond a request's
   * candidates have weight 0, and the request's history.
   */
  lists(positions: Int32Array, size: number, length: number, historyLength: number): Batch {
    const filled = emptyRows(size * length, historyLength, this.#context);
    for (const [k, at] of positions.entries())
      for (let entry = 0; entry < length; entry++)
        this.#fill(filled, k * length + entry, historyLength, at, entry);
    return asBatch(filled);
  }

  /** Writes a candidate of a request into a row; one beyond the last is padding. */
  #fill(filled: BatchRows, row: number, historyLength: number, at: number, candidate: number): void {
    const { history = [], liked, candidates } = this.#requests[at] as ScoreRequest;
    filled.user[row] = this.#users[at] as number;
    const taken = Math.min(historyLength, history.length);
    const to = (row + 1) * historyLength - taken;
    for (let i = 0; i < taken; i++) {
      const from = history.length - taken + i;
      filled.history[to + i] = history[from]!;
      filled.liked[to + i] = liked ? liked[from]! : 1;
      filled.present[to + i] = 1;
    }
    if (candidate >= candidates.length) return;
    filled.item[row] = candidates[candidate]!;
    filled.weight[row] = 1;
    fillContext(filled, row, this.#context, (this.#starts[at] as number) + candidate);
  }

  /** Scores of rows, request by request. */
  split(scores: Float32Array): Float32Array[] {
    return this.#requests.map((_, at) => scores.slice(this.#starts[at], this.#starts[at + 1]));
  }

  #requestOf(position: number): number {
    let low = 0;
    let high = this.#requests.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function checkRequest(
  { history = [], liked, candidates, context = {}, candidateContext = {} }: ScoreRequest,
  items: IdMap,
  encodings: readonly FeatureEncoding[],
): void {
  for (const list of [history, candidates])
    for (let at = 0; at < list.length; at++) items.idOf(list[at] as number);
  if (
    liked &&
    (liked.length !== history.length || Array.from(liked).some((value) => value !== 0 && value !== 1))
  )
    throw new InvalidInputError({
      expected: `1 or 0 for each of ${history.length} items of the history`,
      received: `${liked.length} values: ${Array.from(liked).slice(0, 5).join(', ')}`,
      hint: 'Leave `liked` out if all were clicked.',
    });
  const names = encodings.map(({ declaration }) => declaration.name);
  for (const name of [...Object.keys(context), ...Object.keys(candidateContext)])
    if (!names.includes(name))
      throw new InvalidInputError({
        expected:
          names.length > 0
            ? `a context of ${names.join(', ')}`
            : 'no context: the model has no such features',
        received: name,
        hint: "Declare a feature of 'context' and give ctrSamples its column, or leave it out.",
      });
  for (const [name, column] of Object.entries(candidateContext))
    if (column.length !== candidates.length || Object.hasOwn(context, name))
      throw new InvalidInputError({
        expected: `${name} once, for the request or for each of ${candidates.length} candidates`,
        received: Object.hasOwn(context, name) ? 'both' : `${column.length} values`,
        hint: 'Give candidateContext a value for each candidate, in their order.',
      });
}

function columnsOf(
  requests: readonly ScoreRequest[],
  encodings: readonly FeatureEncoding[],
): Record<string, AttributeValue[]> {
  return Object.fromEntries(
    encodings.map(({ declaration: { name } }) => [
      name,
      requests.flatMap(({ context = {}, candidateContext = {}, candidates }): AttributeValue[] =>
        Object.hasOwn(candidateContext, name)
          ? [...(candidateContext[name] as readonly AttributeValue[])]
          : new Array<AttributeValue>(candidates.length).fill(
              Object.hasOwn(context, name) ? context[name] : undefined,
            ),
      ),
    ]),
  );
}
