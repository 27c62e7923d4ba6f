import { rangeOf, valueLikeness } from './item-likeness.js';
import type { Snapshot } from './snapshot.js';

/** How alike two items are, from 0 to 1: by the words of their texts, or by a catalogue column. */
export function likenessBy(by: string, { catalogue, words }: Snapshot): (a: number, b: number) => number {
  if (by === 'text') return (a, b) => words.between(a, b);
  const range = rangeOf(catalogue.dataset.catalog.attributes[by] ?? []);
  const width = range ? range.most - range.least : 0;
  return (a, b) => valueLikeness(catalogue.value(a, by), catalogue.value(b, by), width);
}
