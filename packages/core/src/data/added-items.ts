import type { AttributeValue } from './catalog.js';

/** An item that comes after the data set was made, or new texts of one that is known. */
export interface AddedItem {
  readonly id: string;
  /** Text by catalogue column. */
  readonly text: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, AttributeValue>> | undefined;
}

/** An added item with its position in the store. */
export interface StoredItem {
  /** Rising in the order in which items were stored. The first is at least 1. */
  readonly sequence: number;
  readonly item: AddedItem;
}

/**
 * Keeps items that were added, each as it came: it is only ever appended to, so that of several who write at the same moment
 * nobody takes away what another has written.
 */
export interface AddedItemStore {
  /** Stores items all or none, and resolves when they are on the disk. */
  append(items: readonly AddedItem[]): Promise<void>;
  /**
   * Reads items in the order in which they were stored, the same for every reader.
   *
   * @param after - only those of a higher sequence number; all if left out
   */
  read(after?: number): AsyncIterable<StoredItem>;
}
