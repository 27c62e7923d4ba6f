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
        read: (after?: number) =>
          pageByPage<StoredItem>(
            async (last) => (await this.#call({ operation: 'readItems', after: last })).items,
            after,
          ),
      };
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

  read(after?: number): AsyncGenerator<StoredFeedback> {
    return pageByPage(async (last) => (await this.#call({ operation: 'read', after: last })).page, after);
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

/** Asks for one page after the other, each of what comes after the last of the page before. */
async function* pageByPage<T extends { readonly sequence: number }>(
  ask: (after: number) => Promise<readonly T[] | undefined>,
  after = 0,
): AsyncGenerator<T> {
  for (let last = after; ; ) {
    const page = (await ask(last)) ?? [];
    yield* page;
    if (page.length < STORE_PAGE) return;
    last = page.at(-1)?.sequence ?? last;
  }
}
