import { InvalidInputError } from '@palate/core';
import type { Slots, WordList } from '../tasks/slots.js';
import { type P5Template, slotsOf } from '../templates/template.js';
import { wordsIn } from '../words-in.js';

/** A filled question. */
export interface FilledText {
  readonly text: string;
  /** Words that were left out of each slot, by its name; nothing for slots that fit whole. */
  readonly cut: Readonly<Record<string, number>>;
}

/** Whether some slots are enough for a template's question, and for its answer where that is wanted. */
export function canFill(template: P5Template, slots: Slots, withTarget: boolean): boolean {
  return [...slotsOf(template.source), ...(withTarget ? [template.target] : [])].every((name) =>
    Object.hasOwn(slots, name),
  );
}

/**
 * Fills the slots of a template. Where the text is longer than a model reads, its lists of words are shortened instead of the
 * sentence: a history loses its oldest items, candidates their last ones.
 *
 * @param most - tokens that the text may have
 * @param lengthOf - tokens of a text without white space
 * @throws InvalidInputError for a slot that nothing fills
 */
export function fillTemplate(
  template: P5Template,
  slots: Slots,
  most: number,
  lengthOf: (word: string) => number,
): FilledText {
  for (const name of slotsOf(template.source))
    if (!Object.hasOwn(slots, name))
      throw new InvalidInputError({
        expected: `the slot ${name}, which template ${template.id} reads`,
        received: `those of ${Object.keys(slots).join(', ') || 'nothing'}`,
        hint: 'Give it, or use another template of the task.',
      });
  const tokensOf = (text: string): number => wordsIn(text).reduce((sum, word) => sum + lengthOf(word), 0);
  const parts = template.source.split(/\{([A-Za-z]+)\}/);
  let room = most;
  const lists = new Map<string, { readonly list: WordList; readonly tokens: number }>();
  // Every second part is the name of a slot.
  for (const [k, part] of parts.entries()) {
    const value = k % 2 === 0 ? part : (slots[part] as string | WordList);
    if (typeof value === 'string') room -= tokensOf(value);
    else
      lists.set(part, {
        list: value,
        tokens: value.words.reduce((sum, word) => sum + lengthOf(word), 0),
      });
  }
  const cut: Record<string, number> = {};
  const shown = new Map<string, string>();
  // The shorter list first: a history is rarely what makes a text too long.
  for (const [name, { list }] of [...lists].sort(([, a], [, b]) => a.tokens - b.tokens)) {
    const kept = fitting(list, room, lengthOf);
    for (const word of kept) room -= lengthOf(word);
    const left = list.words.length - kept.length;
    if (left > 0) cut[name] = left;
    shown.set(name, kept.join(' '));
  }
  const text = parts
    .map((part, k) => (k % 2 === 0 ? part : (shown.get(part) ?? (slots[part] as string))))
    .join('');
  return { text, cut };
}

/** The words of a list that fit into some room, in order. */
function fitting(
  { words, keep, always }: WordList,
  room: number,
  lengthOf: (word: string) => number,
): readonly string[] {
  const order = keep === 'first' ? words : [...words].reverse();
  let left = room;
  const kept: string[] = [];
  for (const word of order) {
    left -= lengthOf(word);
    if (left < 0) break;
    kept.push(word);
  }
  // The right one takes the seat of another, which differs from row to row, so that no seat tells it.
  if (always !== undefined && kept.length > 0 && !kept.includes(always) && words.includes(always))
    kept[words.indexOf(always) % kept.length] = always;
  return keep === 'first' ? kept : kept.reverse();
}
