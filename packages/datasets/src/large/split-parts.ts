import { type InteractionLog, noteParts, noteWithheld } from '@palate/core';

/** A part of a large split. */
export type SplitPart = 'train' | 'validation' | 'test' | 'known';

/** Parts of a large split that were read into memory: they know of each other what parts of a split in memory know. */
export class SplitParts {
  readonly #logs = new Map<SplitPart, WeakRef<InteractionLog>>();

  /** Notes a part that was read. */
  note(name: SplitPart, log: InteractionLog): void {
    this.#logs.set(name, new WeakRef(log));
    const [train, validation, known] = (['train', 'validation', 'known'] as const).map((each) =>
      this.#logs.get(each)?.deref(),
    );
    if (train && validation) noteWithheld(train, validation);
    const parts = [train, validation].filter((part) => part !== undefined);
    if (known && parts.length > 0) noteParts(known, parts);
  }
}
