/** What a piece of knowledge is about and how it was asked for. */
export interface KnowledgeKey {
  readonly entityType: 'item' | 'user';
  /** External id. */
  readonly entity: string;
  /** The prompt family, for example `"infer"` or `"preference"`. */
  readonly kind: string;
  readonly promptVersion: string;
  /** Who wrote it. */
  readonly model: string;
}

/** A text about an item or a user, with where it came from. */
export interface KnowledgeEntry extends KnowledgeKey {
  readonly text: string;
  /** Further facts of the answer: keywords, tags, confidence. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Seconds since 1970 at which it was written. */
  readonly createdAt: number;
  /** Latest interaction time that the writer was shown, in seconds since 1970: samples must lie after it. */
  readonly knowsUntil?: number;
}

/** Narrows a listing; fields left out match everything. */
export type KnowledgeFilter = Partial<KnowledgeKey>;

/** Texts about items and users, written once and kept. */
export interface KnowledgeStore {
  get(key: KnowledgeKey): Promise<KnowledgeEntry | undefined>;
  /** Stores entries durably before it resolves; an entry with a known key replaces the old one. */
  put(entries: readonly KnowledgeEntry[]): Promise<void>;
  list(filter?: KnowledgeFilter): AsyncIterable<KnowledgeEntry>;
  close(): Promise<void>;
}
