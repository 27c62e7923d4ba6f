import { InvalidInputError } from '../basics/errors.js';
import { IdMap } from './id-map.js';
import { noteWithheld, withheldFrom } from './withheld.js';

/** The columns of an {@link InteractionLog}; all of one length, one entry an interaction. */
export interface InteractionColumns {
  readonly users: IdMap;
  readonly items: IdMap;
  /** Dense user index of each interaction. */
  readonly user: Int32Array;
  /** Dense item index of each interaction. */
  readonly item: Int32Array;
  /** Time of each interaction, in `timeUnit`. */
  readonly timestamp: Float64Array;
  /** Rating of each interaction, where the data has ratings. */
  readonly rating?: Float32Array | undefined;
  /**
   * Number of the request that showed the item (an impression of MIND, a slate of a click log), from 0; `-1` for an
   * interaction of no known request. What one request showed was shown at once: none of its rows is history of
   * another, whatever their times ({@link historyEnds}).
   */
  readonly request?: Int32Array | undefined;
  /**
   * Unit of `timestamp`: seconds since 1970, or only each user's positions 0, 1, 2, …, which order a user's
   * own interactions and say nothing across users. Default `'seconds'`.
   */
  readonly timeUnit?: 'seconds' | 'position' | undefined;
}

/**
 * The user-major view of a log in compressed sparse rows: user `u` owns positions `offsets[u]` (included) to
 * `offsets[u + 1]` (excluded) of the other columns, oldest interaction first.
 */
export interface UserMajorView {
  /** `users + 1` positions. */
  readonly offsets: Int32Array;
  /** Row of the log behind each position. */
  readonly row: Int32Array;
  /** Dense item index at each position. */
  readonly item: Int32Array;
}

function refuse(expected: string, received: string, hint: string): never {
  throw new InvalidInputError({ expected, received, hint });
}

/**
 * An immutable, columnar log of interactions.
 *
 * Ten million rows take 200 MB and no objects. The columns are the arrays given: whoever builds a log hands
 * them over and does not write to them again.
 *
 * @example
 * ```ts
 * const log = InteractionLog.fromRows([
 *   { user: 'ann', item: 'alien', timestamp: 1, rating: 5 },
 *   { user: 'ann', item: 'heat', timestamp: 2, rating: 4 },
 * ]);
 * log.history(log.users.indexOf('ann')); // Int32Array [0, 1]
 * ```
 */
export class InteractionLog {
  readonly users: IdMap;
  readonly items: IdMap;
  readonly user: Int32Array;
  readonly item: Int32Array;
  readonly timestamp: Float64Array;
  readonly rating: Float32Array | undefined;
  readonly request: Int32Array | undefined;
  readonly timeUnit: 'seconds' | 'position';
  #byUser: UserMajorView | undefined;

  /** @throws InvalidInputError if lengths differ, an index is out of range or a timestamp is not finite */
  constructor(columns: InteractionColumns) {
    const { users, items, user, item, timestamp, rating, request } = columns;
    const length = user.length;
    if ([item, timestamp, rating, request].some((column) => column && column.length !== length))
      refuse(
        'columns of one length',
        `user ${length}, item ${item.length}, timestamp ${timestamp.length}, rating ${rating?.length ?? 'none'}, request ${request?.length ?? 'none'}`,
        'Give every interaction a value in every column.',
      );
    for (let row = 0; row < length; row++) {
      const u = user[row]!;
      const i = item[row]!;
      if (u < 0 || u >= users.size)
        refuse(
          `user indexes below ${users.size}`,
          `${u} at row ${row}`,
          'Build the log with its own id maps.',
        );
      if (i < 0 || i >= items.size)
        refuse(
          `item indexes below ${items.size}`,
          `${i} at row ${row}`,
          'Build the log with its own id maps.',
        );
      if (!Number.isFinite(timestamp[row]))
        refuse('finite timestamps', `${timestamp[row]} at row ${row}`, 'Drop or repair the row.');
      if (rating && !Number.isFinite(rating[row]))
        refuse('finite ratings', `${rating[row]} at row ${row}`, 'Drop or repair the row.');
      if (request && request[row]! < -1)
        refuse(
          'request numbers from 0, or -1 for none',
          `${request[row]} at row ${row}`,
          'Number the requests from 0.',
        );
    }
    this.users = users;
    this.items = items;
    this.user = user;
    this.item = item;
    this.timestamp = timestamp;
    this.rating = rating;
    this.request = request;
    this.timeUnit = columns.timeUnit ?? 'seconds';
  }

  /**
   * Builds a log from row objects: for examples and small data; loaders fill the columns directly. Rows without times
   * make a log of positions: the order of each user's rows replaces time, and says nothing across users.
   *
   * @throws InvalidInputError where some rows have a time or a rating and others do not
   */
  static fromRows(
    rows: Iterable<{ user: string; item: string; timestamp?: number; rating?: number }>,
  ): InteractionLog {
    const list = Array.from(rows);
    const userIds = new Map<string, number>();
    const itemIds = new Map<string, number>();
    const indexIn = (ids: Map<string, number>, id: string): number => {
      const known = ids.get(id);
      if (known !== undefined) return known;
      ids.set(id, ids.size);
      return ids.size - 1;
    };
    const rated = list.filter((row) => row.rating !== undefined).length;
    if (rated !== 0 && rated !== list.length)
      refuse(
        'a rating on every row or on none',
        `${rated} of ${list.length} rows with one`,
        'Complete the ratings or leave them out.',
      );
    const user = Int32Array.from(list, (row) => indexIn(userIds, row.user));
    const item = Int32Array.from(list, (row) => indexIn(itemIds, row.item));
    const timed = list.filter((row) => row.timestamp !== undefined).length;
    if (timed !== 0 && timed !== list.length)
      refuse(
        'a timestamp on every row or on none',
        `${timed} of ${list.length} rows with one`,
        'Complete the times or leave them out: the order of rows does not replace times.',
      );
    const positions = new Map<number, number>();
    const timestamp = Float64Array.from(list, (row, index) => {
      if (row.timestamp !== undefined) return row.timestamp;
      const position = positions.get(user[index]!) ?? 0;
      positions.set(user[index]!, position + 1);
      return position;
    });
    return new InteractionLog({
      users: new IdMap(userIds.keys(), 'user'),
      items: new IdMap(itemIds.keys(), 'item'),
      user,
      item,
      timestamp,
      timeUnit: timed === 0 && list.length > 0 ? 'position' : 'seconds',
      ...(rated === 0 ? {} : { rating: Float32Array.from(list, (row) => row.rating as number) }),
    });
  }

  /** How many interactions there are. */
  get length(): number {
    return this.user.length;
  }

  /**
   * The user-major, time-ordered view; built once, in time linear in the log apart from sorting within users.
   * Interactions of a user at the same time keep the order of the log's rows.
   */
  byUser(): UserMajorView {
    if (this.#byUser) return this.#byUser;
    const { user, item, timestamp, length } = this;
    const offsets = new Int32Array(this.users.size + 1);
    for (let row = 0; row < length; row++) offsets[user[row]! + 1]! += 1;
    for (let u = 0; u < this.users.size; u++) offsets[u + 1]! += offsets[u]!;
    const cursor = offsets.slice(0, -1);
    const row = new Int32Array(length);
    for (let r = 0; r < length; r++) {
      const u = user[r]!;
      row[cursor[u]!] = r;
      cursor[u]! += 1;
    }
    const byTime = (a: number, b: number): number => timestamp[a]! - timestamp[b]! || a - b;
    for (let u = 0; u < this.users.size; u++) {
      const start = offsets[u]!;
      const end = offsets[u + 1]!;
      let sorted = true;
      for (let p = start + 1; p < end && sorted; p++) sorted = timestamp[row[p - 1]!]! <= timestamp[row[p]!]!;
      if (!sorted) row.subarray(start, end).sort(byTime);
    }
    const itemByUser = new Int32Array(length);
    for (let p = 0; p < length; p++) itemByUser[p] = item[row[p]!]!;
    this.#byUser = { offsets, row, item: itemByUser };
    return this.#byUser;
  }

  /** Items of a user, oldest first: a view into the log, not a copy. */
  history(user: number): Int32Array {
    const { offsets, item } = this.byUser();
    if (!(user >= 0 && user < this.users.size))
      refuse(`a dense user index from 0 to ${this.users.size - 1}`, String(user), 'Use indexes of this log.');
    return item.subarray(offsets[user], offsets[user + 1]);
  }

  /** Interactions per item, `items.size` entries. */
  itemCounts(): Int32Array {
    const counts = new Int32Array(this.items.size);
    for (let row = 0; row < this.length; row++) counts[this.item[row]!]! += 1;
    return counts;
  }

  /** Interactions per user, `users.size` entries. */
  userCounts(): Int32Array {
    const counts = new Int32Array(this.users.size);
    for (let row = 0; row < this.length; row++) counts[this.user[row]!]! += 1;
    return counts;
  }

  /**
   * The log of some rows, in the order given; id maps, and so dense indexes, stay the same. What was held back from this
   * log ({@link noteWithheld}) was held back from its parts too.
   */
  select(rows: Int32Array): InteractionLog {
    const count = rows.length;
    const user = new Int32Array(count);
    const item = new Int32Array(count);
    const timestamp = new Float64Array(count);
    const rating = this.rating ? new Float32Array(count) : undefined;
    const request = this.request ? new Int32Array(count) : undefined;
    for (let k = 0; k < count; k++) {
      const r = rows[k]!;
      if (!(r >= 0 && r < this.length))
        refuse(`rows below ${this.length}`, String(r), 'Select rows of this log.');
      user[k] = this.user[r]!;
      item[k] = this.item[r]!;
      timestamp[k] = this.timestamp[r]!;
      if (rating && this.rating) rating[k] = this.rating[r]!;
      if (request && this.request) request[k] = this.request[r]!;
    }
    const selected = new InteractionLog({
      users: this.users,
      items: this.items,
      user,
      item,
      timestamp,
      timeUnit: this.timeUnit,
      rating,
      request,
    });
    const withheld = withheldFrom(this);
    if (withheld) noteWithheld(selected, withheld);
    return selected;
  }

  /** The same interactions with users and items that do not occur removed from the id maps. */
  compact(): InteractionLog {
    const renumber = (counts: Int32Array, ids: IdMap): { map: Int32Array; kept: IdMap } => {
      const map = new Int32Array(ids.size).fill(-1);
      const kept: string[] = [];
      for (let index = 0; index < ids.size; index++) {
        if (counts[index] === 0) continue;
        map[index] = kept.length;
        kept.push(ids.idOf(index));
      }
      return { map, kept: new IdMap(kept, ids.what) };
    };
    const users = renumber(this.userCounts(), this.users);
    const items = renumber(this.itemCounts(), this.items);
    return new InteractionLog({
      users: users.kept,
      items: items.kept,
      user: this.user.map((u) => users.map[u]!),
      item: this.item.map((i) => items.map[i]!),
      timestamp: this.timestamp,
      timeUnit: this.timeUnit,
      rating: this.rating,
      request: this.request,
    });
  }
}

/**
 * Refuses logs of different origin, whose dense indexes mean different users and items.
 *
 * @param what - how the message calls the first log, for example `"the validation log"`
 * @throws InvalidInputError unless the logs share their id maps, as the parts of a split do
 */
export function checkSharedIds(what: string, log: InteractionLog, other: InteractionLog): void {
  if (log.items === other.items && log.users === other.users) return;
  throw new InvalidInputError({
    expected: `${what} to share the id maps of the log beside it`,
    received: 'logs of different origin',
    hint: 'Use the parts of one split, or select both from one log.',
  });
}
