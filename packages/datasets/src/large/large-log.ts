import {
  checkNumber,
  IdMap,
  InteractionLog,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
} from '@palate/core';
import type { KCoreOptions } from '../splits/filters.js';
import { checkShares, heldOut, SPLIT_RULES } from '../splits/splits.js';
import { type DuckDbSession, numbersIn, sqlDouble, sqlText } from './duckdb-session.js';
import { heldOutTable } from './held-out-table.js';
import { withCore } from './large-k-core.js';
import {
  LARGE_LEAVE_ONE_OUT,
  LARGE_SPLIT_BY_TIME,
  LARGE_SPLIT_BY_USER,
  LARGE_SPLIT_PER_USER_TIME,
  LARGE_SPLIT_RANDOM,
  partsByMoment,
  partsHeldOut,
  partsOfEachUser,
  partsOfLastInteractions,
} from './large-splits.js';
import { idsInUse, type LargeTable } from './large-table.js';
import { type SplitPart, SplitParts } from './split-parts.js';

/** One user's interactions, oldest first. */
export interface UserSequence {
  readonly user: string;
  /** Dense item numbers, as {@link LargeLog.log} and {@link LargeLog.itemIds} give them. */
  readonly items: Int32Array;
  readonly timestamp: Float64Array;
}

const COLUMNS = ['user_number', 'item_number', 'moment', 'rating'] as const;

/** Parts of a large log; their dense numbers are those of the log that was split. */
export interface LargeSplit {
  readonly train: LargeLog;
  readonly validation: LargeLog | undefined;
  readonly test: LargeLog;
  /** Training and validation together: what systems may see at the test. The training part where there is no validation. */
  readonly known: LargeLog;
  /** The rule in words, with its parameters, as it goes beside results. */
  readonly description: string;
}

/**
 * Interactions in tables of DuckDB, on the disk as far as they do not fit into memory. Filters make another log and leave
 * this one as it is; what they give is what the functions of the same names give of a log in memory, to the byte.
 */
export class LargeLog {
  readonly #session: DuckDbSession;
  readonly #table: LargeTable;

  /** @param session - it has the tables `users` and `items`, each with `number` and `id` */
  constructor(session: DuckDbSession, table: LargeTable) {
    this.#session = session;
    this.#table = table;
  }

  /** Number of interactions. */
  get length(): number {
    return this.#table.length;
  }

  /** As {@link InteractionLog.timeUnit}. */
  get timeUnit(): 'seconds' | 'position' {
    return this.#table.timeUnit;
  }

  /** Counts users and items that have interactions here. */
  async counts({
    signal,
  }: LongCallOptions = {}): Promise<{ readonly users: number; readonly items: number }> {
    const [[users, items] = []] = await this.#session.rows(
      `select count(distinct user_number), count(distinct item_number) from ${this.#table.rows}`,
      signal,
    );
    return { users: Number(users), items: Number(items) };
  }

  /** The iterated k-core, as `kCore` makes it: one pass over the rows for users and one for items a round. */
  kCore(options: KCoreOptions & LongCallOptions = {}): Promise<LargeLog> {
    return withCore(this.#session, this.#table.rows, options, (condition) =>
      this.#where(condition, options.signal),
    );
  }

  /** The interactions rated at least `least`, as `ratingThreshold` gives them. */
  async ratingThreshold(least: number, { signal }: LongCallOptions = {}): Promise<LargeLog> {
    checkNumber('least', least);
    if (!this.#table.hasRating)
      throw new InvalidInputError({
        expected: 'a log with ratings',
        received: 'one without',
        hint: 'Load a rating column, or leave the threshold out.',
      });
    return this.#where(`rating::double >= ${sqlDouble(least)}`, signal);
  }

  /** The log of the items with at least `least` interactions, as `minimumItemCount` gives it. */
  async minimumItemCount(least: number, { signal }: LongCallOptions = {}): Promise<LargeLog> {
    checkNumber('least', least, { min: 0, integer: true });
    return this.#where(
      `item_number in (select item_number from ${this.#table.rows} group by item_number having count(*) >= ${least})`,
      signal,
    );
  }

  /** One interaction for each pair of user and item, as `keepFirst` gives it. */
  async keepFirst({ signal }: LongCallOptions = {}): Promise<LargeLog> {
    return this.#where(
      `place in (select (min(struct_pack(moment := moment, place := place))).place from ${this.#table.rows}
         group by user_number, item_number)`,
      signal,
    );
  }

  /** Holds out each user's last interaction, as `leaveOneOut` does; leaks are not looked for, as in no split here. */
  async leaveOneOut(
    options: OptionsOf<typeof LARGE_LEAVE_ONE_OUT.declarations> & LongCallOptions = {},
  ): Promise<LargeSplit> {
    const { validation } = LARGE_LEAVE_ONE_OUT.settings(options);
    return this.#split(
      partsOfLastInteractions(this.#table.rows, validation),
      validation,
      SPLIT_RULES.leaveOneOut(validation),
      options,
    );
  }

  /** Cuts the log at one or two moments for everybody, as `splitByTime` does. */
  async splitByTime(
    options: OptionsOf<typeof LARGE_SPLIT_BY_TIME.declarations> & LongCallOptions = {},
  ): Promise<LargeSplit> {
    const { test, validation } = checkShares(LARGE_SPLIT_BY_TIME.settings(options));
    if (this.timeUnit !== 'seconds')
      throw new InvalidInputError({
        expected: 'a log with real times',
        received: 'one with positions within each user',
        hint: 'Use leaveOneOut or splitPerUserTime, which need only the order within a user.',
      });
    const momentAt = (share: number): Promise<number> =>
      this.#session.number(
        `select moment from ${this.#table.rows} order by moment limit 1
         offset ${Math.min(this.length - 1, Math.floor(this.length * share))}`,
        options.signal,
      );
    const testFrom = await momentAt(1 - test);
    const validationFrom = validation > 0 ? await momentAt(1 - test - validation) : testFrom;
    return this.#split(
      partsByMoment(this.#table.rows, testFrom, validationFrom),
      validation > 0,
      SPLIT_RULES.byTime(testFrom, validation > 0 ? validationFrom : undefined),
      options,
    );
  }

  /** Cuts each user's interactions by share, the newest for the test, as `splitPerUserTime` does. */
  async splitPerUserTime(
    options: OptionsOf<typeof LARGE_SPLIT_PER_USER_TIME.declarations> & LongCallOptions = {},
  ): Promise<LargeSplit> {
    const shares = checkShares(LARGE_SPLIT_PER_USER_TIME.settings(options));
    return this.#split(
      partsOfEachUser(this.#table.rows, shares),
      shares.validation > 0,
      SPLIT_RULES.perUserTime(shares),
      options,
    );
  }

  /** Holds out whole users, the same as `splitByUser` chooses; takes 5 bytes of memory a user. */
  async splitByUser(
    options: OptionsOf<typeof LARGE_SPLIT_BY_USER.declarations> & LongCallOptions = {},
  ): Promise<LargeSplit> {
    const shares = checkShares(LARGE_SPLIT_BY_USER.settings(options));
    const rows = this.#table.numbering?.rows ?? this.#table.rows;
    const users = `users where number in (select user_number from ${rows})`;
    return this.#splitHeldOut('user_number', options, {
      of: `select number::double from ${users} order by number`,
      part: heldOut(
        'split-by-user',
        await this.#session.number(`select count(*) from ${users}`, options.signal),
        shares,
      ),
      hasValidation: shares.validation > 0,
      description: SPLIT_RULES.byUser(shares),
    });
  }

  /** Puts interactions into parts at random, the same as `splitRandom` chooses; takes 5 bytes of memory an interaction. */
  async splitRandom(
    options: OptionsOf<typeof LARGE_SPLIT_RANDOM.declarations> & LongCallOptions = {},
  ): Promise<LargeSplit> {
    const shares = checkShares(LARGE_SPLIT_RANDOM.settings(options));
    return this.#splitHeldOut('place', options, {
      of: `select place::double from ${this.#table.rows} order by place`,
      part: heldOut('split-random', this.length, shares),
      hasValidation: shares.validation > 0,
      description: SPLIT_RULES.random(shares),
    });
  }

  /** External ids of the items in the order of their dense numbers. */
  itemIds(options: LongCallOptions = {}): Promise<string[]> {
    return idsInUse(this.#session, this.#table, 'item', options).then(({ ids }) => ids);
  }

  /**
   * Users with their interactions, oldest first, in the order of their dense numbers: read as it is asked for, sorted on the
   * disk.
   *
   * @param options - `last`: only so many interactions of each, the newest. Default: all
   */
  async *sequences(
    options: LongCallOptions & { readonly last?: number | undefined } = {},
  ): AsyncGenerator<UserSequence> {
    const { signal, last } = options;
    if (last !== undefined) checkNumber('last', last, { min: 1, integer: true });
    const items = (await idsInUse(this.#session, this.#table, 'item', options)).numbers;
    const users = await idsInUse(this.#session, this.#table, 'user', options);
    let current = -1;
    let held: number[] = [];
    let times: number[] = [];
    const finished = (): UserSequence => ({
      user: users.ids[users.numbers[current] as number] as string,
      items: Int32Array.from(last === undefined ? held : held.slice(-last)),
      timestamp: Float64Array.from(last === undefined ? times : times.slice(-last)),
    });
    const sql = `select user_number, item_number, moment from ${this.#table.rows} order by user_number, moment, place`;
    for await (const chunk of this.#session.chunks(sql, signal)) {
      const [user, item, at] = [0, 1, 2].map((column) => numbersIn(chunk, column)) as [
        ArrayLike<number>,
        ArrayLike<number>,
        ArrayLike<number>,
      ];
      for (let row = 0; row < chunk.rowCount; row++) {
        if (user[row] !== current) {
          if (held.length > 0) yield finished();
          current = user[row] as number;
          held = [];
          times = [];
        }
        held.push(items[item[row] as number] as number);
        times.push(at[row] as number);
      }
    }
    if (held.length > 0) yield finished();
  }

  /** The log in memory: what `loadTable`, and the functions of the same names as were used here, give. */
  async log(options: LongCallOptions = {}): Promise<InteractionLog> {
    const { signal, onProgress } = options;
    const { length, hasRating, timeUnit, rows, numbering, part } = this.#table;
    const users = await idsInUse(this.#session, this.#table, 'user', options);
    const items = await idsInUse(this.#session, this.#table, 'item', options);
    const user = new Int32Array(length);
    const item = new Int32Array(length);
    const timestamp = new Float64Array(length);
    const rating = hasRating ? new Float32Array(length) : undefined;
    let done = 0;
    const sql = `select ${COLUMNS.slice(0, hasRating ? 4 : 3).join(', ')} from ${rows} order by place`;
    for await (const chunk of this.#session.chunks(sql, signal)) {
      const count = chunk.rowCount;
      const [users_, items_] = [numbersIn(chunk, 0), numbersIn(chunk, 1)];
      for (let row = 0; row < count; row++) {
        user[done + row] = users.numbers[users_[row] as number] as number;
        item[done + row] = items.numbers[items_[row] as number] as number;
      }
      timestamp.set(numbersIn(chunk, 2), done);
      rating?.set(numbersIn(chunk, 3), done);
      done += count;
      onProgress?.({ phase: 'reading the log', done, total: length });
    }
    const maps = numbering?.maps ?? {};
    maps.user ??= new IdMap(users.ids, 'user');
    maps.item ??= new IdMap(items.ids, 'item');
    const log = new InteractionLog({
      users: maps.user,
      items: maps.item,
      user,
      item,
      timestamp,
      rating,
      timeUnit,
    });
    part?.of.note(part.name, log);
    return log;
  }

  /**
   * Writes the interactions to a Parquet file: `user`, `item` (ids), `timestamp` and `rating`, in the order of the files.
   *
   * @param path - replaced where it is there
   */
  async write(path: string, { signal }: LongCallOptions = {}): Promise<void> {
    const rating = this.#table.hasRating ? ', rows.rating' : '';
    await this.#session.run(
      `copy (select users.id as "user", items.id as item, rows.moment as timestamp${rating} from ${this.#table.rows} as rows
         join users on users.number = rows.user_number join items on items.number = rows.item_number
         order by rows.place) to ${sqlText(path)} (format parquet, compression zstd)`,
      signal,
    );
  }

  /** Ends the session of this log and of all that were made from it, and removes their tables from the disk. */
  close(): Promise<void> {
    return this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A log of the rows that a condition keeps. */
  async #where(condition: string, signal: AbortSignal | undefined): Promise<LargeLog> {
    const rows = this.#session.newName();
    await this.#session.run(
      `create table ${rows} as select * from ${this.#table.rows} where ${condition}`,
      signal,
    );
    const length = await this.#session.number(`select count(*) from ${rows}`, signal);
    // Positions within a user are those of the files, as in memory.
    return new LargeLog(this.#session, {
      ...this.#table,
      rows,
      length,
      numbering: undefined,
      part: undefined,
    });
  }

  /** Holds out the values of a query that have a part of their own, by their places in it. */
  async #splitHeldOut(
    column: 'user_number' | 'place',
    options: LongCallOptions,
    {
      of,
      part,
      hasValidation,
      description,
    }: { of: string; part: Uint8Array; hasValidation: boolean; description: string },
  ): Promise<LargeSplit> {
    const held = await heldOutTable(this.#session, of, part, options);
    try {
      return await this.#split(
        partsHeldOut(this.#table.rows, column, held),
        hasValidation,
        description,
        options,
      );
    } finally {
      await this.#session.run(`drop table ${held}`);
    }
  }

  async #split(
    sql: string,
    hasValidation: boolean,
    description: string,
    { signal }: LongCallOptions,
  ): Promise<LargeSplit> {
    const table = this.#session.newName();
    await this.#session.run(`create table ${table} as ${sql}`, signal);
    const numbering = this.#table.numbering ?? { rows: this.#table.rows, maps: {} };
    const of = new SplitParts();
    const part = async (name: SplitPart, condition: string): Promise<LargeLog> => {
      const rows = `(select * exclude (part) from ${table} where part ${condition})`;
      const length = await this.#session.number(`select count(*) from ${rows}`, signal);
      if (length === 0)
        throw new InvalidInputError({
          expected: 'interactions in every part of the split',
          received: `none in one of them, of ${this.length}`,
          hint: 'Use more data or other shares.',
        });
      return new LargeLog(this.#session, {
        ...this.#table,
        rows,
        length,
        numbering,
        part: { name, of },
      });
    };
    const train = await part('train', '= 0');
    return {
      train,
      validation: hasValidation ? await part('validation', '= 1') : undefined,
      test: await part('test', '= 2'),
      known: hasValidation ? await part('known', '< 2') : train,
      description,
    };
  }
}
