import { type IdMap, type InteractionLog, InvalidInputError, type RandomStream } from '@palate/core';

/** How users or items are called in texts. */
export interface IdNames {
  /** Name by dense index: one word each, all different. */
  readonly names: readonly string[];
  /** Pieces of each name, a token each; all pieces are one word of the text. */
  readonly pieces: readonly (readonly string[])[];
}

/** Digits of a number in twos, as vocabularies of subwords cut them. */
function digitPairs(number: number): string[] {
  return String(number).match(/\d{1,2}/g) ?? [];
}

function numbered(prefix: string, numbers: ArrayLike<number>): IdNames {
  const list = Array.from(numbers);
  return {
    names: list.map((number) => `${prefix}_${number}`),
    pieces: list.map((number) => [`${prefix}_`, ...digitPairs(number)]),
  };
}

/** Numbers in random order: what two names share says nothing. */
export function randomNames(prefix: string, count: number, random: RandomStream): IdNames {
  return numbered(prefix, random.shuffle(Int32Array.from({ length: count }, (_, k) => k + 1)));
}

/** A token of its own for each. */
export function independentNames(prefix: string, count: number): IdNames {
  const names = Array.from({ length: count }, (_, k) => `${prefix}_${k + 1}`);
  return { names, pieces: names.map((name) => [`<${name}>`]) };
}

/**
 * Numbers by first appearance along the histories of a log, user by user and in order of time, as P5's own data has them. Over a
 * log that holds the test this is a leak: what somebody takes one after the other gets neighbouring numbers, which share their
 * first digits, those of the test with those of training. It is here to show what the leak is worth.
 *
 * @param items - which are named; those that the log lacks come last
 * @throws InvalidInputError if the log is of other items
 */
export function sequentialNames(prefix: string, items: IdMap, log: InteractionLog): IdNames {
  if (log.items !== items)
    throw new InvalidInputError({
      expected: 'the log that the training data was split from, with its id maps',
      received: 'one with other items',
      hint: 'Pass the log that was given to leaveOneOut.',
    });
  const numbers = new Int32Array(items.size);
  let next = 1;
  for (const item of log.byUser().item) if (numbers[item] === 0) numbers[item] = next++;
  for (let item = 0; item < items.size; item++) if (numbers[item] === 0) numbers[item] = next++;
  return numbered(prefix, numbers);
}

/** Codes of an item, coarse to fine, as `SemanticIds` has them. */
export interface ItemCodes {
  readonly items: IdMap;
  /** @param item - dense in `items` */
  tuple(item: number): readonly number[];
}

const LEVELS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * Names made of codes, a token each: alike items share their first pieces.
 *
 * @throws InvalidInputError naming the first item without codes
 */
export function codeNames(prefix: string, items: IdMap, codes: ItemCodes): IdNames {
  const pieces = Array.from(items, (id) => {
    const at = codes.items.find(id);
    if (at === undefined)
      throw new InvalidInputError({
        expected: 'codes of every item',
        received: `none of ${JSON.stringify(id)}`,
        hint: 'Assign semantic IDs to the whole catalogue.',
      });
    return codes.tuple(at).map((code, level) => `<${LEVELS[level] ?? `${level}-`}${code}>`);
  });
  return distinct(
    pieces.map((_, k) => `${prefix}_${k + 1}`),
    pieces,
  );
}

/**
 * The words of titles, folded, as names. Equal titles get a number at the end.
 *
 * @param most - words of a title that are kept
 */
export function titleNames(prefix: string, titles: readonly (readonly string[])[], most: number): IdNames {
  return distinct(
    titles.map((_, k) => `${prefix}_${k + 1}`),
    titles.map((words) => words.slice(0, most).map((word) => `${word}~`)),
  );
}

/** Puts a number behind pieces that others have before. */
function distinct(names: readonly string[], pieces: readonly (readonly string[])[]): IdNames {
  const times = new Map<string, number>();
  return {
    names,
    pieces: pieces.map((own) => {
      const key = own.join(' ');
      const before = times.get(key) ?? 0;
      times.set(key, before + 1);
      return before === 0 && own.length > 0 ? own : [...own, `#${before + 1}`];
    }),
  };
}
