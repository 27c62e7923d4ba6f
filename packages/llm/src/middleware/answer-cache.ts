import { randomUUID } from 'node:crypto';
import {
  type ClaimOutcome,
  type GenerateRequest,
  type LanguageModel,
  type LikelihoodRequest,
  type LongCallOptions,
  RecordDatabase,
  type RestoreReport,
  restoreRecords,
  type StoredRecord,
} from '@palate/core';
import { requestKey } from '../models/request-key.js';
import { singleCalls } from '../models/single-calls.js';

/** The file in a cache's folder to which every answer is added before it is stored. */
const LEDGER = 'answers.jsonl';

interface CachedAnswer {
  readonly key: string;
  readonly answer: unknown;
}

const recordOf = (key: string, answer: unknown): StoredRecord => ({
  key,
  value: JSON.stringify({ key, answer } satisfies CachedAnswer),
});

const databaseOptions = (dir: string) => ({
  driver: import.meta.resolve('lmdb'),
  ledger: LEDGER,
  hint: `Restore it from its ledger: await AnswerCache.restore(${JSON.stringify(dir)}). The damaged folder is kept under another name.`,
});

/**
 * Answers on disk, in LMDB: shared by processes, and an answer that was stored survives a kill at any moment. A ledger
 * of JSON lines beside the database holds them as well.
 *
 * It holds answers under hashes of what was asked, never prompts or keys.
 */
export class AnswerCache {
  readonly #database: RecordDatabase;
  /** Name of its claims, which distinguishes it from other caches on the folder, also in this process. */
  readonly #owner = randomUUID();

  private constructor(database: RecordDatabase) {
    this.#database = database;
  }

  /**
   * Opens the cache in a folder, which is made if missing, after a check of its database in a process of its own.
   *
   * @throws ArtifactError if there is something else, or it is damaged
   * @throws StoreError if it can neither be made nor read
   */
  static async open(dir: string): Promise<AnswerCache> {
    return new AnswerCache(
      await RecordDatabase.open(dir, {
        ...databaseOptions(dir),
        // Before there were checksums an answer was stored as its JSON alone.
        readOld: (key, bytes) => {
          const text = bytes.toString('utf8');
          return text.startsWith('{') ? `{"key":${JSON.stringify(key)},"answer":${text}}` : undefined;
        },
      }),
    );
  }

  /**
   * Rebuilds a cache from its ledger. The old folder is kept, under the name that the report gives.
   *
   * @throws ArtifactError if there is no ledger
   */
  static async restore(
    dir: string,
    options: LongCallOptions & { readonly from?: string | undefined } = {},
  ): Promise<RestoreReport> {
    return restoreRecords(dir, {
      ...databaseOptions(dir),
      ...options,
      keyOf: (line) => (line as CachedAnswer).key,
    });
  }

  /** Whether the folder may only be read: then answers are not stored. */
  get isReadOnly(): boolean {
    return this.#database.isReadOnly;
  }

  /**
   * The answer stored under a key, or undefined.
   *
   * @throws ArtifactError if its record is damaged
   */
  get(key: string): unknown {
    const value = this.#database.get(key);
    return value && (JSON.parse(value.toString('utf8')) as CachedAnswer).answer;
  }

  /**
   * Stores an answer that has been paid for, or counts why it could not be stored: the caller gets it all the same. The first
   * time a warning of the process tells it.
   *
   * @returns whether it is stored
   */
  async keep(key: string, answer: unknown): Promise<boolean> {
    return this.#database.keep([recordOf(key, answer)]);
  }

  /** Answers that were handed on without being stored, by the code of the error: a full disk, a closed cache. */
  get notStored(): Readonly<Record<string, number>> {
    return this.#database.notStored;
  }

  /**
   * Stores an answer; it is on disk when this resolves.
   *
   * @throws StoreError if it cannot be stored
   */
  async put(key: string, answer: unknown): Promise<void> {
    await this.#database.put([recordOf(key, answer)]);
  }

  /**
   * Claims an answer that is about to be asked for, so that no other process that shares the folder pays for it
   * meanwhile: `taken` while one that lives holds it. A claim ends when the answer is stored, when it is released, or
   * with its process. Where claims cannot be written (a read-only folder, a full disk) everyone may ask.
   */
  claim(key: string): ClaimOutcome {
    return this.#database.tryClaim([key], this.#owner)[0] as ClaimOutcome;
  }

  /** Gives a claim back without an answer; one that cannot be given back ends with this process. */
  release(key: string): void {
    this.#database.tryRelease([key], this.#owner);
  }

  /** Tells whether the answer of `model` to a request is here, so that it costs nothing. */
  has(model: LanguageModel, request: GenerateRequest | LikelihoodRequest): boolean {
    return this.get(requestKey(singleCalls(model), request)) !== undefined;
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
