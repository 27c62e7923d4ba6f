/** Columns that {@link InteractionColumns} has beside user, item and time. */
export interface FurtherColumns {
  readonly hasRating: boolean;
  readonly hasRequest: boolean;
}

/** Columns of interactions, which grow together by doubling. */
export class InteractionColumns {
  #length = 0;
  #user = new Int32Array(1024);
  #item = new Int32Array(1024);
  #timestamp = new Float64Array(1024);
  #rating: Float32Array<ArrayBuffer> | undefined;
  #request: Int32Array<ArrayBuffer> | undefined;

  constructor({ hasRating, hasRequest }: FurtherColumns) {
    this.#rating = hasRating ? new Float32Array(1024) : undefined;
    this.#request = hasRequest ? new Int32Array(1024) : undefined;
  }

  /** Interactions so far. */
  get length(): number {
    return this.#length;
  }

  push(user: number, item: number, timestamp: number, rating: number, request: number): void {
    if (this.#length === this.#user.length) this.#grow();
    const at = this.#length++;
    this.#user[at] = user;
    this.#item[at] = item;
    this.#timestamp[at] = timestamp;
    if (this.#rating) this.#rating[at] = rating;
    if (this.#request) this.#request[at] = request;
  }

  #grow(): void {
    const length = 2 * this.#length;
    const wider = <A extends Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(
      column: A,
      next: A,
    ): A => {
      next.set(column);
      return next;
    };
    this.#user = wider(this.#user, new Int32Array(length));
    this.#item = wider(this.#item, new Int32Array(length));
    this.#timestamp = wider(this.#timestamp, new Float64Array(length));
    this.#rating &&= wider(this.#rating, new Float32Array(length));
    this.#request &&= wider(this.#request, new Int32Array(length));
  }

  /** The columns at their length. */
  finish(): {
    readonly user: Int32Array;
    readonly item: Int32Array;
    readonly timestamp: Float64Array;
    readonly rating: Float32Array | undefined;
    readonly request: Int32Array | undefined;
  } {
    const length = this.#length;
    return {
      user: this.#user.slice(0, length),
      item: this.#item.slice(0, length),
      timestamp: this.#timestamp.slice(0, length),
      rating: this.#rating?.slice(0, length),
      request: this.#request?.slice(0, length),
    };
  }
}
