import { createHash } from 'node:crypto';
import { open, type RootDatabase } from 'lmdb';

/** A vector as it is kept, with what the encoder said of its text. */
export interface CachedVector {
  readonly vector: Float32Array;
  readonly truncated: boolean;
}

/** Vectors on disk by encoder and text, shared by processes; a kill loses nothing that was stored. */
export class VectorCache {
  readonly #database: RootDatabase<Buffer, Buffer>;
  readonly #encoder: string;
  readonly #width: number;

  /**
   * @param dir - folder of the LMDB database; made if missing
   * @param encoder - id of the encoder, part of every key
   */
  constructor(dir: string, encoder: string, width: number) {
    this.#database = open({ path: dir, encoding: 'binary', keyEncoding: 'binary' });
    this.#encoder = encoder;
    this.#width = width;
  }

  #key(text: string): Buffer {
    return createHash('sha256')
      .update(JSON.stringify([this.#encoder, this.#width, text]))
      .digest();
  }

  get(text: string): CachedVector | undefined {
    const bytes = this.#database.getBinary(this.#key(text));
    if (bytes?.length !== 1 + 4 * this.#width) return undefined;
    return {
      truncated: bytes[0] === 1,
      // A copy: floats need an aligned buffer of their own.
      vector: new Float32Array(Uint8Array.from(bytes.subarray(1)).buffer),
    };
  }

  /** Stores vectors; they are on disk when it resolves. */
  async put(texts: readonly string[], vectors: readonly CachedVector[]): Promise<void> {
    await this.#database.batch(() => {
      for (const [k, { vector, truncated }] of vectors.entries())
        void this.#database.put(
          this.#key(texts[k] as string),
          Buffer.concat([
            Uint8Array.of(truncated ? 1 : 0),
            Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
          ]),
        );
    });
    await this.#database.flushed;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
