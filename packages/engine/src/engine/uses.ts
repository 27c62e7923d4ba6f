/** Counts who uses something, and gives it back once it is retired and nobody does. */
export class Uses {
  readonly #giveBack: () => void;
  #count = 0;
  #isRetired = false;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  /** Keeps it until the function that is returned is called. */
  begin(): () => void {
    this.#count++;
    let isUsing = true;
    return () => {
      if (!isUsing) return;
      isUsing = false;
      this.#count--;
      this.#check();
    };
  }

  /** Gives it back as soon as nobody uses it. A second call does nothing. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    this.#check();
  }

  #check(): void {
    if (this.#isRetired && this.#count === 0) this.#giveBack();
  }
}
