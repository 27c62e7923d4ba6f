/** A typed column that grows by doubling. */
export class GrowingColumn<A extends Int32Array | Float32Array | Float64Array> {
  readonly #make: (length: number) => A;
  #values: A;

  constructor(make: (length: number) => A) {
    this.#make = make;
    this.#values = make(1024);
  }

  set(at: number, value: number): void {
    if (at >= this.#values.length) {
      const wider = this.#make(Math.max(at + 1, this.#values.length * 2));
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[at] = value;
  }

  finish(length: number): A {
    return this.#values.slice(0, length) as A;
  }
}
