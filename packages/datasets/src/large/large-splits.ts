import { defineOptions } from '@palate/core';
import {
  LEAVE_ONE_OUT,
  type Shares,
  SPLIT_BY_TIME,
  SPLIT_BY_USER,
  SPLIT_PER_USER_TIME,
  SPLIT_RANDOM,
} from '../splits/splits.js';
import { sqlDouble } from './duckdb-session.js';

/** The options of a split in memory that a large log has as well: it does not look for leaks. */
function withoutLeaks<D extends { readonly leaks: unknown }>({ leaks: _, ...rest }: D): Omit<D, 'leaks'> {
  return rest;
}

/** Options of {@link LargeLog.leaveOneOut}. */
export const LARGE_LEAVE_ONE_OUT = defineOptions(
  'LargeLog.leaveOneOut',
  withoutLeaks(LEAVE_ONE_OUT.declarations),
);
/** Options of {@link LargeLog.splitByTime}. */
export const LARGE_SPLIT_BY_TIME = defineOptions(
  'LargeLog.splitByTime',
  withoutLeaks(SPLIT_BY_TIME.declarations),
);
/** Options of {@link LargeLog.splitPerUserTime}. */
export const LARGE_SPLIT_PER_USER_TIME = defineOptions(
  'LargeLog.splitPerUserTime',
  withoutLeaks(SPLIT_PER_USER_TIME.declarations),
);
/** Options of {@link LargeLog.splitByUser}. */
export const LARGE_SPLIT_BY_USER = defineOptions(
  'LargeLog.splitByUser',
  withoutLeaks(SPLIT_BY_USER.declarations),
);
/** Options of {@link LargeLog.splitRandom}. */
export const LARGE_SPLIT_RANDOM = defineOptions(
  'LargeLog.splitRandom',
  withoutLeaks(SPLIT_RANDOM.declarations),
);

// Each of these is a query over a table of interactions that gives its rows with their `part`: 0 training, 1 validation, 2 test.

/** The last interaction of each user who has enough, by time, and by the order of the files where times are equal. */
export function partsOfLastInteractions(rows: string, hasValidation: boolean): string {
  const held = hasValidation ? 2 : 1;
  const last = `select unnest(held).place as place, generate_subscripts(held, 1) as nth from (
      select max(struct_pack(moment := moment, place := place), ${held}) as held from ${rows}
      group by user_number having count(*) > ${held})`;
  return `select rows.*, coalesce(case last.nth when 1 then 2 when 2 then 1 end, 0) as part
     from ${rows} as rows left join (${last}) as last on rows.place = last.place`;
}

/** Moments for everybody. */
export const partsByMoment = (rows: string, testFrom: number, validationFrom: number): string =>
  `select *, case when moment >= ${sqlDouble(testFrom)} then 2 when moment >= ${sqlDouble(validationFrom)} then 1 else 0 end as part from ${rows}`;

/** Shares of each user's interactions, rounded down, the newest for the test. */
export function partsOfEachUser(rows: string, { test, validation }: Shares): string {
  const tested = `floor(many * ${sqlDouble(test)})`;
  const validated = `floor(many * ${sqlDouble(validation)})`;
  return `select * exclude (nth, many),
       case when nth > many - ${tested} then 2 when nth > many - ${tested} - ${validated} then 1 else 0 end as part
     from (select *, row_number() over (partition by user_number order by moment, place) as nth,
             count(*) over (partition by user_number) as many from ${rows})`;
}

/**
 * Users or rows that a table names.
 *
 * @param held - a table with `held`, a value of the column, and `part`
 */
export const partsHeldOut = (rows: string, column: 'user_number' | 'place', held: string): string =>
  `select rows.*, coalesce(held.part, 0)::integer as part
     from ${rows} as rows left join ${held} as held on held.held = rows.${column}::double`;
