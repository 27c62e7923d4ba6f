import type { Understood } from './answer.js';
import type { ItemTest } from './filter.js';
import { rangeOf } from './item-likeness.js';
import type { LiveCatalogue } from './live-catalogue.js';
import { preferenceWords, ruledOut } from './preference-words.js';

/** A wish with what it allows. */
export interface Wish extends Understood {
  /** Whether an item is not ruled out. */
  readonly allows: ItemTest;
}

const BELOW = 'before|under|below|less than|cheaper than|fewer than';
const UP_TO = 'until|up to|at most|no more than|not more than';
const ABOVE = 'after|over|above|more than';
const FROM = 'since|from|at least|no less than';
/** "before 1990", "under 20", "at least 4.5", with what stands around it ("price under 20 euros"). */
const BOUND = new RegExp(
  `(?:\\b([\\p{L}_]+)\\s+)?\\b(${BELOW}|${UP_TO}|${ABOVE}|${FROM})\\s+[$€£]?(\\d+(?:\\.\\d+)?)(?:\\s+([\\p{L}_]+))?`,
  'giu',
);

/**
 * Takes a wish in words apart: what is wanted, what is ruled out, and bounds on numbers of the catalogue.
 *
 * A bound is understood where its column is named beside it, or where one column alone holds such numbers; otherwise its
 * words stay in the wish.
 */
export function understand(text: string, catalogue: LiveCatalogue): Wish {
  const columns = numberColumns(catalogue);
  const tests: ItemTest[] = [];
  const limits: string[] = [];
  const rest = text.replace(
    BOUND,
    (whole, before: string | undefined, words: string, digits: string, after?: string) => {
      const number = Number(digits);
      const named = columns.find(({ name }) => [before, after].some((word) => sameWord(word, name)));
      const holding = columns.filter(({ least, most }) => number >= least && number <= most);
      const column = named ?? (holding.length === 1 ? holding[0] : undefined);
      if (!column) return whole;
      const { accepts, words: bound } = boundOf(words.toLowerCase(), number);
      tests.push((item) => {
        const value = catalogue.value(item, column.name);
        return typeof value === 'number' && accepts(value);
      });
      limits.push(`${column.name} ${bound} ${digits}`);
      return [before, after].filter((word) => word !== undefined && !sameWord(word, column.name)).join(' ');
    },
  );
  const { likes, dislikes } = preferenceWords(rest);
  const isRuledOut = ruledOut(dislikes, catalogue.knowledge.synonyms);
  if (dislikes.length > 0) tests.push((item) => !isRuledOut(catalogue.folded(item)));
  return {
    likes,
    dislikes,
    limits: limits.join(', '),
    allows: (item) => tests.every((test) => test(item)),
  };
}

function boundOf(words: string, bound: number): { accepts: (value: number) => boolean; words: string } {
  const is = (list: string): boolean => list.split('|').includes(words);
  if (is(BELOW)) return { accepts: (value) => value < bound, words: 'below' };
  if (is(UP_TO)) return { accepts: (value) => value <= bound, words: 'at most' };
  if (is(ABOVE)) return { accepts: (value) => value > bound, words: 'above' };
  return { accepts: (value) => value >= bound, words: 'at least' };
}

const sameWord = (word: string | undefined, name: string): boolean => {
  const plain = (text: string): string => text.toLowerCase().replace(/s$/, '');
  return word !== undefined && plain(word) === plain(name);
};

interface NumberColumn {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

const known = new WeakMap<LiveCatalogue, readonly NumberColumn[]>();

/** Attributes that are numbers, with their range. */
function numberColumns(catalogue: LiveCatalogue): readonly NumberColumn[] {
  const before = known.get(catalogue);
  if (before) return before;
  const columns = Object.entries(catalogue.dataset.catalog.attributes).flatMap(([name, values]) => {
    const range = rangeOf(values);
    return range ? [{ name, ...range }] : [];
  });
  known.set(catalogue, columns);
  return columns;
}
