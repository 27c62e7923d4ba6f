import { beforeNextTurn, jsonCandidates, listEntry, numberOf, plainDigits, readList } from '@palate/llm';
import { titleMatcher } from './match-titles.js';
import { bareNumbers, LISTED, numberAmong, partsOfLine, tableRows } from './ranking-lines.js';

/** An entry of an answered ranking: the number of a candidate from 1, 0 for what is none, with the reason given. */
export interface RankedEntry {
  readonly number: number;
  readonly why: string;
}

/** Number of what names no candidate. */
const NONE = 0;

/** `Candidate 3`, `#3`, `No. 3`, alone or before a title. */
const NUMBERED = /^(?:candidate|number|no\.?|option|item|film|movie|book|#)\s?#?(\d{1,4})\b/i;

/**
 * Reads a ranking out of an answer that is not the JSON asked for: arrays of titles, of numbers as strings or of objects;
 * numbered and bulleted lists of titles or numbers; numbers in a row (`3 > 1 > 2`).
 *
 * @param titles - titles of the candidates in the order in which they were shown
 * @returns undefined where no candidate is named at all
 */
export function readRankingText(answer: string, titles: readonly string[]): RankedEntry[] | undefined {
  const text = plainDigits(beforeNextTurn(answer)).replace(/\$?\\boxed\{([^{}]*)\}\$?/g, '$1');
  const matcher = titleMatcher(titles);
  const named = (line: string): number => {
    const at = matcher.match(line);
    return at === undefined ? NONE : at + 1;
  };
  const ofText = (line: string): number => {
    const number = numberOf(line);
    // "Seven" is the film where there is one; "7" is the candidate.
    if (number !== undefined && /^\W*\d/.test(line) && number >= 1 && number <= titles.length) return number;
    return named(line) || (number ?? Number(NUMBERED.exec(line)?.[1] ?? NONE));
  };
  const ofValue = (value: unknown): RankedEntry => {
    if (typeof value === 'number') return { number: value, why: '' };
    if (typeof value === 'string') return { number: ofText(value.trim()), why: '' };
    if (typeof value !== 'object' || value === null) return { number: NONE, why: '' };
    const fields = Object.entries(value as Readonly<Record<string, unknown>>);
    const field = (pattern: RegExp): unknown => fields.find(([name]) => pattern.test(name))?.[1];
    const number = field(/^(?:number|candidate|id|index|item_?id|candidate_?(?:number|id))$/i);
    const title = field(/^(?:title|name|item|film|movie|book)$/i);
    const why = field(/^(?:why|reason|explanation|because)$/i);
    const read = number === undefined ? NONE : ofValue(number).number;
    return {
      number: read === NONE && title !== undefined ? ofValue(title).number : read,
      why: typeof why === 'string' ? why : '',
    };
  };
  const useful = (entries: RankedEntry[]): RankedEntry[] | undefined =>
    entries.some(({ number }) => Number.isInteger(number) && number >= 1 && number <= titles.length)
      ? entries
      : undefined;

  if (/[[{]/.test(text)) {
    const found = jsonCandidates(text);
    if (found.ok)
      for (const { value } of found.candidates) {
        const list = listIn(value);
        const entries = list && useful(list.map(ofValue));
        if (entries) return entries;
      }
  }
  return useful(linesOf(text, named, ofText));
}

/** The array that a value is, or the only array in an object. */
function listIn(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const lists = Object.values(value).filter(Array.isArray);
  return lists.length === 1 ? lists[0] : undefined;
}

/** Entries of a table, of a list in lines, or of one line between commas or signs of order. */
function linesOf(
  text: string,
  named: (line: string) => number,
  ofText: (line: string) => number,
): RankedEntry[] {
  const bare = bareNumbers(
    text.replace(/^\s*(?:(?:my|the|final) )?(?:ranking|order|answer|list)\s?[:：]/i, ''),
  );
  if (bare) return bare.map((number) => ({ number, why: '' }));
  // Text that begins like JSON but does not parse was cut off or is broken: its end may be missing.
  if (/^\s*(?:```\w*\s*)?[{[]\s*["'{[]/.test(text)) return [];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const table = tableRows(lines);
  if (table)
    return table.map(({ number, cells }) => ({
      number: number ?? cells.map(named).find((found) => found !== NONE) ?? NONE,
      why: '',
    }));
  // "2001: A Space Odyssey" is a title, not number 2001 of a list.
  const listed = lines.filter((line) => LISTED.test(line) && !/^\s*\d{4}:/.test(line));
  if (listed.length > 0)
    return listed.map((line) => {
      const entry = listEntry(line.replace(LISTED, ' '));
      const [title = '', why = ''] = entry.split(/\s[-–—:]\s|:\s/, 2);
      // The title decides: the number before it may be the rank, or the candidate's.
      const byTitle = named(line) || named(entry) || named(title);
      const inBrackets = Number(/^\s*\[(\d{1,4})\]/.exec(line)?.[1] ?? NONE);
      return {
        number: byTitle || ofText(entry) || ofText(title) || inBrackets,
        why: byTitle ? why.trim() : '',
      };
    });
  const whole = readList(text, { lines: true });
  if (whole.length > 1) {
    const byLine = whole.map((line) => ({ number: ofText(line), why: '' }));
    // Words around a list in lines are no entries.
    return byLine.filter(({ number }) => number !== NONE);
  }
  const numbers = partsOfLine(whole[0] ?? '', named)
    .filter((part) => part !== '')
    .map((part) => ({ number: ofText(part) || (numberAmong(part) ?? NONE), why: '' }));
  const read = numbers.filter(({ number }) => number !== NONE).length;
  if (read === numbers.length) return numbers;
  // "All but 3", "worst to best": what a sentence takes away is no order.
  if (/\b(?:not|n't|never|exclud\w*|except|avoid|without|worst|least|but)\b|n['’]t\b/i.test(text)) return [];
  // A sentence with commas is no list: at least half of its parts have to name something.
  return read * 2 >= numbers.length ? numbers : [];
}
