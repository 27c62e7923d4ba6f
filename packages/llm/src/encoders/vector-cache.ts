import { createHash } from 'node:crypto';
import { type ClaimOutcome, RecordDatabase } from '@palate/core';

/** A vector as it is kept, with what the encoder said of its text. */
export interface CachedVector {
  readonly vector: Float32Array;
  readonly truncated: boolean;
}

/** Vectors on disk by encoder and text, shared by processes; a kill loses nothing that was stored. */
export class VectorCache {
  readonly #database: RecordDatabase;
  readonly #encoder: string;
  readonly #width: number;

  private constructor(database: RecordDatabase, encoder: string, width: number) {
    this.#database = database;
    this.#encoder = encoder;
    this.#width = width;
  }

  /**
   * @param dir - folder of the database; made if missing
   * @param encoder - id of the encoder, part of every key
   * @throws ArtifactError if there is something else, or it is damaged
   * @throws StoreError if it can neither be made nor read
   */
  static async open(dir: string, encoder: string, width: number): Promise<VectorCache> {
    const database = await RecordDatabase.open(dir, {
      driver: import.meta.resolve('lmdb'),
      hint: 'Move the folder away: the vectors are computed again.',
    });
    return new VectorCache(database, encoder, width);
  }

  #key(text: string): string {
    return createHash('sha256')
      .update(JSON.stringify([this.#encoder, this.#width, text]))
      .digest('hex');
  }

  get(text: string): CachedVector | undefined {
    const bytes = this.#database.get(this.#key(text));
    if (bytes?.length !== 1 + 4 * this.#width) return undefined;
    return {
      truncated: bytes[0] === 1,
      // A copy: floats need an aligned buffer of their own.
      vector: new Float32Array(Uint8Array.from(bytes.subarray(1)).buffer),
    };
  }

  /**
   * Stores vectors; they are on disk when it resolves. A folder that can only be read, or that is full, keeps what it
   * has: see `RecordDatabase.keep`.
   *
   * @returns whether they are stored; claims to them have ended then
   */
  async keep(texts: readonly string[], vectors: readonly CachedVector[]): Promise<boolean> {
    return this.#database.keep(
      vectors.map(({ vector, truncated }, k) => ({
        key: this.#key(texts[k] as string),
        value: Buffer.concat([
          Uint8Array.of(truncated ? 1 : 0),
          Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
        ]),
      })),
    );
  }

  /**
   * Claims texts that are about to be encoded, so that nobody else who shares the folder encodes them meanwhile: `taken`
   * where one that lives does so. A claim ends when the vector is stored, when it is released, or with its process. Where
   * claims cannot be written (a read-only folder, a full disk) everyone may encode.
   *
   * @param owner - name of the work for which they are claimed
   */
  claim(texts: readonly string[], owner: string): ClaimOutcome[] {
    return this.#database.tryClaim(
      texts.map((text) => this.#key(text)),
      owner,
    );
  }

  /** Gives claims back without vectors; one that cannot be given back ends with this process. */
  release(texts: readonly string[], owner: string): void {
    this.#database.tryRelease(
      texts.map((text) => this.#key(text)),
      owner,
    );
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
