/** A family of tasks (P5; Geng et al. 2022). */
export type P5Family = 'rating' | 'sequential' | 'explanation' | 'review' | 'direct';

/**
 * A sentence with slots, as `{user}`, that turns what is known into a question of the model. A task fills the slots; a slot that
 * the task does not know is refused when the template is used.
 */
export interface P5Template {
  /** Number: the family's and its own, as `'2-3'`; `'Z-1'` and on for those that transfer to another domain. */
  readonly id: string;
  /** Task that fills it, by its name in `P5_TASKS`. */
  readonly task: string;
  /** The question. */
  readonly source: string;
  /** Slot that is to be written. */
  readonly target: string;
  /** Never trained on: asked at the test to see whether the model understood the task or learned a sentence. */
  readonly isHeldOut?: true;
  /** Names items by title alone, so that it can be asked about items of another domain. */
  readonly isTransfer?: true;
}

/** Templates of one task that ask for one slot, from questions by their numbers. */
export const templatesOf = (
  task: string,
  target: string,
  questions: Readonly<Record<string, string>>,
): P5Template[] => Object.entries(questions).map(([id, source]) => ({ id, task, source, target }));

/** A family in the order of its numbers, of which the last is held out. */
export function familyOf(...groups: readonly (readonly P5Template[])[]): readonly P5Template[] {
  const ownNumber = ({ id }: P5Template): number => Number(id.split('-').at(-1));
  const all = groups.flat().sort((a, b) => ownNumber(a) - ownNumber(b));
  return all.map((template, at) => (at === all.length - 1 ? { ...template, isHeldOut: true } : template));
}

/** Slots of a sentence, in order. */
export function slotsOf(source: string): string[] {
  return Array.from(source.matchAll(/\{([A-Za-z]+)\}/g), ([, name]) => name as string);
}
