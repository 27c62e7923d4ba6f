import { InvalidInputError, LeakError } from '../basics/errors.js';
import { fingerprint } from './fingerprint.js';
import type { InteractionLog } from './interaction-log.js';

/** How much of one user's history was seen. */
export interface SeenOfUser {
  /** The first `n` of the user's time-ordered interactions. */
  readonly n: number;
  /** Time of the last of them, in seconds since 1970. */
  readonly until?: number | undefined;
}

/**
 * Interactions that a text or vector was made from. Each field given is a bound that holds by itself: an interaction
 * counts as unseen as soon as one of them shows it.
 */
export interface InteractionSource {
  /** Latest time of anything seen, in seconds since 1970. */
  readonly until?: number | undefined;
  /** Interactions seen of each user, by external id; nothing of users who are not listed. */
  readonly users?: Readonly<Record<string, SeenOfUser>> | undefined;
  /** `fingerprint` of the log that was seen as a whole: the training data of a split. */
  readonly log?: string | undefined;
}

/**
 * Knowledge of interactions in texts and vectors: nothing (`'world'`: catalogue texts, what a language model knows
 * anyway), what their sources hold, or nobody knows what (`'unknown'`), which evaluation refuses.
 */
export type Provenance =
  | { readonly kind: 'world' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'interactions'; readonly sources: readonly InteractionSource[] };

/** Made from no interactions. */
export const WORLD: Provenance = Object.freeze({ kind: 'world' });

/** Without a note of what it was made from. */
export const UNKNOWN: Provenance = Object.freeze({ kind: 'unknown' });

/** Makes the provenance of something made from interactions. */
export function madeFrom(...sources: readonly InteractionSource[]): Provenance {
  return { kind: 'interactions', sources };
}

/** Makes the provenance of something made from all of a log: a graph, vectors of a trained model. */
export function provenanceOfLog(log: InteractionLog): Provenance {
  const until = log.timestamp.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY);
  return madeFrom({
    log: fingerprint(log),
    until: log.timeUnit === 'seconds' && log.length > 0 ? until : undefined,
  });
}

/** Joins the provenance of everything that something was derived from: it knows what any of them knows. */
export function joinProvenance(parts: Iterable<Provenance>): Provenance {
  // Texts of one job name one log each, and texts about single users share a table: few sources however many the parts.
  const joined = new Map<
    string,
    { readonly source: InteractionSource; readonly users?: Map<string, SeenOfUser> | undefined }
  >();
  for (const part of parts) {
    if (part.kind === 'unknown') return UNKNOWN;
    if (part.kind === 'world') continue;
    for (const source of part.sources) {
      const { users, ...shared } = source;
      const key = JSON.stringify([users !== undefined, shared.until, shared.log]);
      const found = joined.get(key) ?? { source: shared, users: users ? new Map() : undefined };
      joined.set(key, found);
      for (const [user, seen] of Object.entries(users ?? {})) {
        const before = found.users?.get(user);
        found.users?.set(user, before === undefined ? seen : laterOf(before, seen));
      }
    }
  }
  if (joined.size === 0) return WORLD;
  return madeFrom(
    ...Array.from(joined.values(), ({ source, users }) =>
      users ? { ...source, users: Object.fromEntries(users) } : source,
    ),
  );
}

/** Joins what parts of a system know; `undefined` where none of them says that it was built with texts or vectors. */
export function provenanceOfParts(
  parts: readonly { readonly provenance?: Provenance | undefined }[],
): Provenance | undefined {
  const stated = parts.flatMap(({ provenance }) => (provenance ? [provenance] : []));
  return stated.length === 0 ? undefined : joinProvenance(stated);
}

function laterOf(a: SeenOfUser, b: SeenOfUser): SeenOfUser {
  const until = a.until === undefined || b.until === undefined ? undefined : Math.max(a.until, b.until);
  return { n: Math.max(a.n, b.n), until };
}

/** Interactions that somebody is asked to predict. */
export interface PredictedInteractions {
  readonly rows: InteractionLog;
  /**
   * Position of each row in its user's whole time-ordered history, where it is known exactly. Otherwise it is counted
   * in `history` and `rows` together, where rows at the same time do not count as earlier.
   */
  readonly positions?: ArrayLike<number> | undefined;
  /** Interactions that systems see besides the rows; shares their id maps. */
  readonly history?: InteractionLog | undefined;
  /** `fingerprint` of each log that systems may know: the training data, which the rows are no part of. */
  readonly training?: readonly string[] | undefined;
}

/**
 * Refuses texts or vectors that know, or may know, an interaction that they help to predict.
 *
 * @param what - how the message calls them, for example `"the vectors of the items"`
 * @throws LeakError naming the first interaction that is not shown to be unseen, or that there is no note at all
 */
export function checkProvenance(
  what: string,
  provenance: Provenance,
  predicted: PredictedInteractions,
): void {
  if (provenance.kind === 'world' || predicted.rows.length === 0) return;
  if (provenance.kind === 'unknown')
    throw new LeakError({
      expected: `${what} with a note of the interactions they were made from (provenance)`,
      received: 'none',
      hint: "State { kind: 'world' } as their provenance if they come from no interactions; otherwise say what was seen (madeFrom).",
    });
  let positions: ArrayLike<number> | undefined = predicted.positions;
  for (const source of provenance.sources) {
    if (source.log !== undefined && predicted.training?.includes(source.log)) continue;
    if (source.users !== undefined) positions ??= countEarlier(predicted);
    const row = firstSeen(source, predicted.rows, positions);
    if (row === undefined) continue;
    const { rows } = predicted;
    throw new LeakError({
      expected: `${what} made without the interactions that they help to predict`,
      received: `some that may know user ${JSON.stringify(rows.users.idOf(rows.user[row] as number))} with item ${JSON.stringify(rows.items.idOf(rows.item[row] as number))} at ${rows.timestamp[row]}: they were made from ${describe(source, rows.users.idOf(rows.user[row] as number))}`,
      hint: 'Make them from the training data alone, or predict only what comes after.',
    });
  }
}

/** The first row that nothing in a source shows to be unseen. */
function firstSeen(
  { until, users }: InteractionSource,
  rows: InteractionLog,
  positions: ArrayLike<number> | undefined,
): number | undefined {
  const timed = rows.timeUnit === 'seconds';
  for (let row = 0; row < rows.length; row++) {
    const time = rows.timestamp[row] as number;
    if (timed && until !== undefined && time > until) continue;
    if (users === undefined) return row;
    const user = rows.users.idOf(rows.user[row] as number);
    if (!Object.hasOwn(users, user)) continue;
    const seen = users[user] as SeenOfUser;
    if (timed && seen.until !== undefined) {
      if (time > seen.until) continue;
      if (time < seen.until) return row;
    }
    if ((positions?.[row] ?? -1) < seen.n) return row;
  }
  return undefined;
}

/** For each row how many interactions of its user come strictly before it, in the history and in the rows. */
function countEarlier({ rows, history }: PredictedInteractions): Int32Array {
  const logs = history ? [history, rows] : [rows];
  const views = logs.map((log) => ({ log, ...log.byUser() }));
  return Int32Array.from(rows.user, (user, row) => {
    const time = rows.timestamp[row] as number;
    let earlier = 0;
    for (const { log, offsets, row: order } of views) {
      let low = offsets[user] as number;
      const start = low;
      let high = offsets[user + 1] as number;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((log.timestamp[order[middle] as number] as number) < time) low = middle + 1;
        else high = middle;
      }
      earlier += low - start;
    }
    return earlier;
  });
}

function describe({ until, users, log }: InteractionSource, user: string): string {
  const parts: string[] = [];
  if (until !== undefined) parts.push(`everything until ${until}`);
  const seen = users !== undefined && Object.hasOwn(users, user) ? users[user] : undefined;
  if (seen)
    parts.push(
      `the user's first ${seen.n} interactions${seen.until === undefined ? '' : ` until ${seen.until}`}`,
    );
  if (log !== undefined) parts.push(`the log ${log.slice(0, 12)}`);
  return parts.join(', ') || 'any interactions';
}

const isTime = (value: unknown): boolean =>
  value === undefined || (typeof value === 'number' && Number.isFinite(value));

function isSource(value: unknown): value is InteractionSource {
  if (typeof value !== 'object' || value === null) return false;
  const { until, users, log, ...rest } = value as Readonly<Record<string, unknown>>;
  return (
    Object.keys(rest).length === 0 &&
    isTime(until) &&
    (log === undefined || typeof log === 'string') &&
    (users === undefined ||
      (typeof users === 'object' &&
        users !== null &&
        Object.values(users).every(
          (seen: unknown) =>
            typeof seen === 'object' &&
            seen !== null &&
            Number.isInteger((seen as SeenOfUser).n) &&
            (seen as SeenOfUser).n >= 0 &&
            isTime((seen as SeenOfUser).until),
        )))
  );
}

/**
 * Reads a provenance from parsed JSON.
 *
 * @throws InvalidInputError if it is none
 */
export function readProvenance(value: unknown): Provenance {
  if (typeof value === 'object' && value !== null) {
    const { kind, sources } = value as { readonly kind?: unknown; readonly sources?: unknown };
    if (kind === 'world') return WORLD;
    if (kind === 'unknown') return UNKNOWN;
    if (kind === 'interactions' && Array.isArray(sources) && sources.length > 0 && sources.every(isSource))
      return { kind, sources };
  }
  throw new InvalidInputError({
    expected: "a provenance of kind 'world', 'unknown' or 'interactions' with its sources",
    received: (JSON.stringify(value) ?? String(value)).slice(0, 120),
    hint: 'A source has until (seconds), users ({ id: { n, until } }) or log (a fingerprint).',
  });
}
