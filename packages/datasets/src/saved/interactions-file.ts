import { type IdMap, InteractionLog, type LongCallOptions, ParseError } from '@palate/core';
import { type RecordFields, readRecords } from '../files/delimited-records.js';
import { parseDecimalBytes } from '../tables/field-values.js';
import { IdInterner } from '../tables/id-interner.js';
import { InteractionColumns } from '../tables/interaction-columns.js';

/**
 * The interactions of a log as CSV, line by line: `user,item`, then `rating`, `time` and `request` as far as the log has
 * them. Numbers are written with as many digits as bring them back exactly.
 *
 * @param ids - whether users and items are written as ids, or as rows of their tables
 */
export function* writeInteractions(log: InteractionLog, ids: 'text' | 'row'): Generator<string> {
  const fieldOf = (map: IdMap): ((index: number) => string) => {
    if (ids === 'row') return String;
    const fields = Array.from(map, quoted);
    return (index) => fields[index] as string;
  };
  const [userOf, itemOf] = [fieldOf(log.users), fieldOf(log.items)];
  const { rating, request } = log;
  yield `user,item${rating ? ',rating' : ''},time${request ? ',request' : ''}\n`;
  for (let row = 0; row < log.length; row++) {
    let line = `${userOf(log.user[row]!)},${itemOf(log.item[row]!)}`;
    if (rating) line += `,${shortest(rating[row]!)}`;
    line += `,${log.timestamp[row]!}`;
    if (request) line += `,${request[row]!}`;
    yield `${line}\n`;
  }
}

/** A field of CSV: in quotes where it holds what means something else, or a formula to a spreadsheet. */
const quoted = (id: string): string => (/[",]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id);

/** The shortest decimal that is read as this number of 32 bits. */
function shortest(value: number): string {
  if (Number.isInteger(value)) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(value);
}

/** Facts about a file of interactions that are known before it is read. */
export interface InteractionsFile {
  readonly users: IdMap;
  readonly items: IdMap;
  readonly ids: 'text' | 'row';
  readonly timeUnit: 'seconds' | 'position';
}

/**
 * Reads a file that {@link writeInteractions} wrote.
 *
 * @throws ParseError naming line and column of what is malformed
 */
export async function readInteractions(
  path: string,
  { users, items, ids, timeUnit }: InteractionsFile,
  options: LongCallOptions,
): Promise<InteractionLog> {
  let columns = new InteractionColumns({ hasRating: false, hasRequest: false });
  const rows = ids === 'row';
  const [userIds, itemIds] = [internerOf(users, rows), internerOf(items, rows)];
  let header: string[] | undefined;
  const indexIn = (known: IdInterner | undefined, size: number, fields: RecordFields, k: number): number => {
    const start = fields.starts[k]!;
    const end = fields.ends[k]!;
    const index = known
      ? known.addBytes(fields.bytes, start, end)
      : parseDecimalBytes(fields.bytes, start, end);
    if (Number.isInteger(index) && index >= 0 && index < size) return index;
    fields.cursor = k;
    throw faultOf(fields, `a ${header?.[k]} that the folder's tables list`, fields.text(k));
  };
  const numberAt = (fields: RecordFields, k: number): number => {
    const value = parseDecimalBytes(fields.bytes, fields.starts[k]!, fields.ends[k]!);
    if (Number.isFinite(value)) return value;
    fields.cursor = k;
    throw faultOf(fields, `a number as ${header?.[k]}`, fields.text(k));
  };
  await readRecords(
    path,
    { delimiter: ',', quote: '"' },
    (fields) => {
      if (header === undefined) {
        header = Array.from({ length: fields.count }, (_, k) => fields.text(k));
        if (!/^user,item(,rating)?,time(,request)?$/.test(header.join(',')))
          throw faultOf(fields, 'the columns user, item, rating, time and request', header.join(', '));
        columns = new InteractionColumns({
          hasRating: header.includes('rating'),
          hasRequest: header.includes('request'),
        });
        return;
      }
      if (fields.count !== header.length)
        throw faultOf(fields, `${header.length} fields separated by commas`, String(fields.count));
      const user = indexIn(userIds, users.size, fields, 0);
      const item = indexIn(itemIds, items.size, fields, 1);
      let k = 2;
      const rating = header[k] === 'rating' ? numberAt(fields, k++) : 0;
      const timestamp = numberAt(fields, k++);
      columns.push(user, item, timestamp, rating, header[k] === 'request' ? numberAt(fields, k) : 0);
    },
    options,
  );
  return new InteractionLog({
    users,
    items,
    ...columns.finish(),
    timeUnit,
  });
}

/** The ids in their order, to be looked up as bytes; none where rows are written. */
function internerOf(map: IdMap, rows: boolean): IdInterner | undefined {
  if (rows) return undefined;
  const interner = new IdInterner();
  for (const id of map) interner.addText(id);
  return interner;
}

function faultOf(fields: RecordFields, expected: string, received: string): ParseError {
  return new ParseError(fields.position(), {
    expected,
    received: JSON.stringify(received),
    hint: 'The folder was changed by hand: import the data again.',
  });
}
