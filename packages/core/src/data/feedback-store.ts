import { InvalidInputError } from '../basics/errors.js';
import type { AddedItemStore } from './added-items.js';

/** Kinds of feedback. `like`, `view` and `purchase` speak for an item, `dislike` against it; `impression` says it was shown. */
export const FEEDBACK_KINDS = ['view', 'like', 'dislike', 'purchase', 'rating', 'impression'] as const;

/** Kind of one feedback event. */
export type FeedbackKind = (typeof FEEDBACK_KINDS)[number];

/** Something a user did with an item, complete: what is kept. */
export interface FeedbackRecord {
  /** Idempotency key: a second record of the same id is not stored. */
  readonly id: string;
  /** External id of the user. */
  readonly user: string;
  /** External id of the item. */
  readonly item: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly kind: FeedbackKind;
  /** The rating, where the kind is `rating`. */
  readonly rating?: number | undefined;
  /** Name of the request whose answer showed the item, where there was one. */
  readonly request?: string | undefined;
}

/** A record with its position in the store. */
export interface StoredFeedback extends FeedbackRecord {
  /** Rising without equal numbers, in the order in which records were stored. The first is at least 1. */
  readonly sequence: number;
}

/** Keeps feedback. An implementation says whether it outlives the process. */
export interface FeedbackStore {
  /** Items that were added to the data, where the same store keeps them; left out: they are kept elsewhere. */
  readonly items?: AddedItemStore | undefined;
  /**
   * Stores records all or none, and resolves when they are as durable as the store promises. Records whose id is stored
   * already, or occurs earlier in the batch, are left out.
   *
   * @returns how many were new
   */
  append(records: readonly FeedbackRecord[]): Promise<{ readonly stored: number }>;
  /**
   * Reads records in the order of their sequence numbers.
   *
   * @param after - only those of a higher sequence number; all if left out
   */
  read(after?: number): AsyncIterable<StoredFeedback>;
  /** Closes the store; calls afterwards reject. A second call does nothing. */
  close(): Promise<void>;
}

/** Keeps feedback in memory: it counts until the process ends. For trying things out and for tests. */
export class MemoryFeedbackStore implements FeedbackStore {
  #records: StoredFeedback[] | undefined = [];
  readonly #ids = new Set<string>();

  async append(records: readonly FeedbackRecord[]): Promise<{ readonly stored: number }> {
    const own = this.#open();
    const before = own.length;
    for (const record of records) {
      if (this.#ids.has(record.id)) continue;
      this.#ids.add(record.id);
      own.push({ ...record, sequence: own.length + 1 });
    }
    return { stored: own.length - before };
  }

  async *read(after = 0): AsyncIterable<StoredFeedback> {
    yield* this.#open().slice(after);
  }

  async close(): Promise<void> {
    this.#records = undefined;
  }

  #open(): StoredFeedback[] {
    if (this.#records) return this.#records;
    throw new InvalidInputError({
      expected: 'an open feedback store',
      received: 'one that was closed',
      hint: 'Close the store after its last use.',
    });
  }
}
