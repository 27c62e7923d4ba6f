import { joinProvenance, madeFrom, type Provenance, UNKNOWN } from '../data/provenance.js';
import type { ClaimOutcome } from '../storage/claim-holder.js';

/** Subject of a piece of knowledge and how it was asked for. */
export interface KnowledgeKey {
  readonly entityType: 'item' | 'user';
  /** External id. */
  readonly entity: string;
  /** The prompt family, for example `"infer"` or `"preference"`. */
  readonly kind: string;
  readonly promptVersion: string;
  /** Who wrote it. */
  readonly model: string;
  /**
   * Hash of the whole prompt, where the text was asked for by one: with other factors or another item text it is
   * another version. A key without it means the newest version.
   */
  readonly promptHash?: string | undefined;
}

/** A text about an item or a user, with where it came from. */
export interface KnowledgeEntry extends KnowledgeKey {
  readonly text: string;
  /** Further facts of the answer: keywords, tags, confidence. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
  /** Seconds since 1970 at which it was written. */
  readonly createdAt: number;
  /** Latest interaction time that the writer was shown, in seconds since 1970: samples must lie after it. */
  readonly knowsUntil?: number | undefined;
  /** Interactions that the writer was shown; see {@link provenanceOf} where it is left out. */
  readonly provenance?: Provenance | undefined;
}

/**
 * Finds what a text knows of interactions: its own note, or what `knowsUntil` and, for users, `facts.n` (the writer
 * saw the first `n` interactions) say; unknown where there is neither.
 */
export function provenanceOf(
  entry: Pick<KnowledgeEntry, 'entityType' | 'entity' | 'facts' | 'knowsUntil' | 'provenance'>,
): Provenance {
  const { entity, entityType, facts, knowsUntil } = entry;
  if (entry.provenance) return entry.provenance;
  if (entityType === 'item') return knowsUntil === undefined ? UNKNOWN : madeFrom({ until: knowsUntil });
  const n = typeof facts?.n === 'number' ? facts.n : undefined;
  const until = knowsUntil === undefined ? {} : { until: knowsUntil };
  // Without a count everything up to the time may have been shown, what happened at that time included.
  if (n !== undefined || knowsUntil !== undefined)
    return madeFrom({ users: { [entity]: { n: n ?? Number.MAX_SAFE_INTEGER, ...until } } });
  return UNKNOWN;
}

/** Joins what a collection of texts knows of interactions. */
export function provenanceOfAll(entries: Iterable<KnowledgeEntry>): Provenance {
  return joinProvenance(Array.from(entries, provenanceOf));
}

/** Narrows a listing; fields left out match everything. */
export interface KnowledgeFilter extends Partial<KnowledgeKey> {
  /** True to list the versions of other prompts too, not the newest of an entity alone. Default false. */
  readonly allVersions?: boolean | undefined;
}

/** Texts about items and users, written once and kept. */
export interface KnowledgeStore {
  /** The entry of a key; of a key without `promptHash` the newest one. */
  get(key: KnowledgeKey): Promise<KnowledgeEntry | undefined>;
  /** Stores entries durably before it resolves; an entry with a known key replaces the old one. */
  put(entries: readonly KnowledgeEntry[]): Promise<void>;
  list(filter?: KnowledgeFilter): AsyncIterable<KnowledgeEntry>;
  /**
   * Claims an entry that is about to be asked for, where several jobs share the store: `taken` while another job that
   * lives holds it. A claim ends when the entry is stored, when it is released, or with its process.
   *
   * @param owner - name of the job
   */
  claim?(key: KnowledgeKey, owner: string): Promise<ClaimOutcome>;
  /** Gives a claim back without an entry. */
  release?(key: KnowledgeKey, owner: string): Promise<void>;
  close(): Promise<void>;
}
