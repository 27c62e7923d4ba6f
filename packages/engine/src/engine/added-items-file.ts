import { stat } from 'node:fs/promises';
import { type AddedItem, type AddedItemStore, JsonLedger, type StoredItem } from '@palate/core';

/**
 * Added items in a file that any number of processes append to: each batch is a line of its own, with a checksum, and written
 * at once. What a kill or a full disk cut off was acknowledged to nobody and counts for nothing.
 */
export class AddedItemsFile implements AddedItemStore {
  readonly #path: string;
  readonly #ledger: JsonLedger;
  readonly #onNotice: (notice: string) => void;
  #damaged = 0;

  /** @param onNotice - called for lines that cannot be read */
  constructor(path: string, onNotice: (notice: string) => void = () => undefined) {
    this.#path = path;
    this.#ledger = new JsonLedger(path);
    this.#onNotice = onNotice;
  }

  async append(items: readonly AddedItem[]): Promise<void> {
    if (items.length > 0) await this.#ledger.append([JSON.stringify({ items })]);
  }

  async *read(after = 0): AsyncGenerator<StoredItem> {
    const read: AddedItem[] = [];
    const exists = await stat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (!exists) return;
    const damaged = await this.#ledger.read((text) => {
      read.push(...(JSON.parse(text) as { readonly items: readonly AddedItem[] }).items);
    });
    if (damaged.length > this.#damaged)
      this.#onNotice(
        `${this.#path}: of ${damaged.length === 1 ? 'line' : 'lines'} ${damaged.join(', ')} the content is incomplete, as after a crash or disk damage: ${damaged.length === 1 ? 'it is' : 'they are'} ignored.`,
      );
    this.#damaged = damaged.length;
    for (let k = after; k < read.length; k++) yield { sequence: k + 1, item: read[k] as AddedItem };
  }
}
