import {
  ArtifactError,
  type GenerateRequest,
  type LanguageModel,
  type LikelihoodRequest,
} from '@palate/core';
import type { RootDatabase } from 'lmdb';
import { requestKey } from '../models/request-key.js';
import { singleCalls } from '../models/single-calls.js';

/**
 * Answers on disk, in LMDB: shared by processes, and an answer that was stored survives a kill at any moment.
 *
 * It holds answers under hashes of what was asked, never prompts or keys.
 */
export class AnswerCache {
  readonly #database: RootDatabase<string, string>;

  private constructor(database: RootDatabase<string, string>) {
    this.#database = database;
  }

  /**
   * Opens the cache in a folder, which is made if missing.
   *
   * @throws ArtifactError if there is something else, or it is damaged
   */
  static async open(dir: string): Promise<AnswerCache> {
    // Loaded when it is asked for: most callers need no native code.
    const { open } = await import('lmdb');
    try {
      return new AnswerCache(open<string, string>({ path: dir, encoding: 'string', compression: true }));
    } catch (cause) {
      throw new ArtifactError(dir, {
        expected: 'a folder with an LMDB database, or none yet',
        received: cause instanceof Error ? cause.message : String(cause),
        hint: 'Choose another folder, or delete this one: answers are asked for again.',
        cause,
      });
    }
  }

  /** The answer stored under a key, or undefined. */
  get(key: string): unknown {
    const text = this.#database.get(key);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      // An entry that cannot be read is no entry: it will be asked for and stored again.
      return undefined;
    }
  }

  /** Stores an answer; it is committed when this resolves. */
  async put(key: string, answer: unknown): Promise<void> {
    await this.#database.put(key, JSON.stringify(answer));
  }

  /** Tells whether the answer of `model` to a request is here, so that it costs nothing. */
  has(model: LanguageModel, request: GenerateRequest | LikelihoodRequest): boolean {
    return this.get(requestKey(singleCalls(model), request)) !== undefined;
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
