import type {
  AddedItem,
  AddedItemStore,
  FeedbackRecord,
  FeedbackStore,
  StoredFeedback,
  StoredItem,
} from '@palate/core';
import { type FromEngine, STORE_PAGE, type StoreCall, type ToEngine } from './protocol.js';
import { receivedError } from './sent-error.js';

type Stored = Extract<ToEngine, { kind: 'stored' }>;

/** The feedback store of the main thread, as the engine's thread sees it. */
export class StoreInMain implements FeedbackStore {
  readonly #send: (message: FromEngine) => void;
  readonly #calls = new Map<
    number,
    { readonly resolve: (stored: Stored) => void; readonly reject: (error: unknown) => void }
  >();
  #last = 0;
  /** There once the main thread was asked whether its store keeps items. */
  items: AddedItemStore | undefined;

  constructor(send: (message: FromEngine) => void) {
    this.#send = send;
  }

  /** Waits until the store of the main thread is open, and learns what it keeps. */
  async opened(): Promise<void> {
    const { hasItems = false } = await this.#call({ operation: 'hasItems' });
    if (hasItems)
      this.items = {
        append: async (items: readonly AddedItem[]) => {
          await this.#call({ operation: 'appendItems', items });
        },
        read: (after?: number) => this.#readItems(after),
      };
  }

  async *#readItems(after = 0): AsyncGenerator<StoredItem> {
    for (let last = after; ; ) {
      const { items = [] } = await this.#call({ operation: 'readItems', after: last });
      yield* items;
      if (items.length < STORE_PAGE) return;
      last = items.at(-1)?.sequence ?? last;
    }
  }

  /** Takes what the main thread answered. */
  receive(stored: Stored): void {
    const call = this.#calls.get(stored.id);
    this.#calls.delete(stored.id);
    if (stored.error) call?.reject(receivedError(stored.error));
    else call?.resolve(stored);
  }

  async append(records: readonly FeedbackRecord[]): Promise<{ readonly stored: number }> {
    const { stored = 0 } = await this.#call({ operation: 'append', records });
    return { stored };
  }

  async *read(after = 0): AsyncGenerator<StoredFeedback> {
    for (let last = after; ; ) {
      const { page = [] } = await this.#call({ operation: 'read', after: last });
      yield* page;
      if (page.length < STORE_PAGE) return;
      last = page.at(-1)?.sequence ?? last;
    }
  }

  /** The main thread closes its store itself. */
  async close(): Promise<void> {}

  #call(call: StoreCall): Promise<Stored> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#send({ kind: 'store', id, call });
    });
  }
}
