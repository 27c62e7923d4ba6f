/** How many texts had words of a slot left out, and how many words those were. */
export interface CutSlot {
  readonly texts: number;
  readonly words: number;
}

/** Counts what did not fit into inputs, by slot: `history`, `candidates`, `review`. */
export class CutCounter {
  readonly #slots = new Map<string, CutSlot>();

  add(cut: Readonly<Record<string, number>>): void {
    for (const [slot, words] of Object.entries(cut)) {
      const before = this.#slots.get(slot) ?? { texts: 0, words: 0 };
      this.#slots.set(slot, { texts: before.texts + 1, words: before.words + words });
    }
  }

  counts(): Readonly<Record<string, CutSlot>> {
    return Object.fromEntries(this.#slots);
  }
}
