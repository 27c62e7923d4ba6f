import { parseDecimal } from '../tables/field-values.js';
import type { TableColumns } from '../tables/table-columns.js';
import { parsePlainDate, type TimestampUnit, unitOf } from '../tables/times.js';
import type { ColumnDescription, ColumnType } from './column-description.js';

type Role = keyof TableColumns;

/** The words of a column's name: `customerId`, `customer_id` and `Customer ID` are two. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');
}

/** Words by which columns are called. */
const CALLED: Readonly<Record<Role, RegExp>> = {
  user: /^(user|customer|reviewer|member|visitor|account|uid|client|buyer|shopper|subscriber|patron|reader|listener|player|guest)/i,
  item: /^(item|movie|film|product|parent_asin|asin|isbn|video|book|track|artist|song|sku|ean|gtin|upc|news|article|business|game|recipe|course|show|content)/i,
  rating: /(rating|stars?$|score|overall|label|weight|watch_ratio|plays|^grade)/i,
  timestamp: /(timestamp|time|date|^day$|_day$|^when$|^ts$|_at$|_on$)/i,
  request: /(request|impression|slate|session)_?(id)?$/i,
};

/** Last words of names that say what a user or an item is called by. */
const NAMING = new Set(['id', 'ids', 'code', 'no', 'nr', 'number', 'key', 'uuid', 'guid', 'hash', 'ref']);

/** Names that are codes by themselves. */
const CODES = new Set(['sku', 'asin', 'isbn', 'ean', 'gtin', 'upc', 'uid']);

/** Words of columns that tell something about a user, an item, a rating or another time. */
const ABOUT: Readonly<Record<Role, RegExp>> = {
  user: /^(name|type|age|email|gender|sex|city|country|segment|group|zip|address|phone|since|tier|status|language)$/,
  item: /^(name|title|type|category|categories|price|cost|group|brand|count|qty|quantity|description|weight|size|color|colour|url|image|status)$/,
  rating: /^(count|number|average|avg|mean|total|max|credit|risk)$/,
  timestamp:
    /^(update|updated|modified|birth|birthday|deliver|delivery|delivered|ship|shipped|shipping|due|end|ended|expiry|expires|zone|spent|duration|signup|registered)$/,
  request: /^$/,
};

/** How well a name fits its role, among names that do. */
function fitOf(role: Role, name: string): number {
  const words = wordsOf(name);
  if (words.some((word) => ABOUT[role].test(word))) return 0;
  if (role !== 'user' && role !== 'item') return 1;
  const last = words.at(-1) ?? '';
  if (NAMING.has(last) && words.length > 1) return 4;
  if (CODES.has(last)) return 3;
  return words.length === 1 ? 2 : 1;
}

/** Whether a name says that a column plays a role. */
export function isCalled(role: Role, name: string): boolean {
  return CALLED[role].test(name);
}

/** Largest number that is no time: what a column of days or months of the year holds. */
const NO_TIME = 100_000;

/** Whether values of a type can play a role: a date in another form is no time, a text no rating. */
function fits(role: Role, { type, range, examples }: ColumnDescription): boolean {
  // A column of times with a slip in it is one of times: reading it names the line.
  if (role === 'timestamp' && type === 'mixed') return Number.isFinite(parsePlainDate(examples[0] ?? ''));
  if (role === 'rating' && type === 'mixed') return Number.isFinite(parseDecimal(examples[0] ?? ''));
  if (role === 'timestamp' && range !== undefined && range[1] < NO_TIME) return false;
  const types: Readonly<Partial<Record<Role, readonly ColumnType[]>>> = {
    timestamp: ['time', 'integer', 'number', 'list'],
    rating: ['integer', 'number', 'boolean', 'list'],
  };
  return types[role]?.includes(type) ?? type !== 'object';
}

/**
 * Guesses which columns hold users, items, ratings and times, from their names and values.
 *
 * @param taken - columns that play another role already
 */
export function guessColumns(
  columns: readonly ColumnDescription[],
  taken: ReadonlySet<string | number> = new Set(),
): Partial<Record<Role, string>> {
  const guess: Partial<Record<Role, string>> = {};
  for (const role of Object.keys(CALLED) as Role[]) {
    const used = Object.values(guess);
    const [found] = columns
      .filter(({ name }) => typeof name === 'string' && !used.includes(name) && !taken.has(name))
      .filter((column) => isCalled(role, String(column.name)) && fits(role, column))
      // A column about a user may be the only one that names users; a count of ratings never names them.
      .filter(({ name }) => role === 'user' || role === 'item' || fitOf(role, String(name)) > 0)
      .sort((a, b) => fitOf(role, String(b.name)) - fitOf(role, String(a.name)));
    if (found) guess[role] = String(found.name);
  }
  return guess;
}

/** How the times of a column are written, as far as its values show. */
export function guessUnit(column: ColumnDescription | undefined): TimestampUnit | undefined {
  if (column?.type === 'time') return 'iso';
  return column?.range ? unitOf(column.range[1]) : undefined;
}

/** Names of titles, likeliest first. */
const TITLES = ['title', 'name', 'label', 'headline', 'caption'];

/** The column of a table about items that holds what an item is called. */
export function guessTitle(
  columns: readonly ColumnDescription[],
  id: string | number,
): string | number | undefined {
  const texts = columns.filter(
    ({ name, type }) => name !== id && (type === 'text' || type === 'mixed' || type === 'integer'),
  );
  for (const title of TITLES) {
    const whole = texts.find(({ name }) => String(name).toLowerCase() === title);
    const found =
      whole ?? texts.find(({ name, type }) => type === 'text' && wordsOf(String(name)).at(-1) === title);
    if (found) return found.name;
  }
  return undefined;
}

/** Whether the values of a column are words that describe an item: no numbers, times, links or lists. */
export function isDescribing({ type, examples }: ColumnDescription): boolean {
  return (
    (type === 'text' || type === 'mixed') &&
    !examples.some((value) => /^(https?:|www\.|data:|\/)/i.test(value))
  );
}
