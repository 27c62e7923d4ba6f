import {
  ArtifactError,
  type EmbeddingTable,
  IdMap,
  InvalidInputError,
  readArtifact,
  type Saveable,
  type TensorData,
  UnknownIdError,
  writeArtifact,
} from '@palate/core';
import type { Codebook, CodebookKind, CodebookParts } from '../codebooks/codebook.js';
import { LshCodebook } from '../codebooks/lsh.js';
import { RandomCodebook } from '../codebooks/random-codebook.js';
import { RqKMeans } from '../codebooks/rq-k-means.js';
import { RqVae } from '../codebooks/rq-vae.js';
import { IdTrie } from './id-trie.js';

const KIND = 'semantic-ids';

/** What goes with a table of semantic IDs. */
export interface SemanticIdsOptions {
  /** Names the text encoder of the vectors: new items have to be encoded by the same one. */
  readonly encoder: string;
}

/**
 * A semantic ID for each item: the codes of its vector, and a last code that tells items of equal codes apart (0 where
 * there is one alone). IDs and items are one to one.
 *
 * @example
 * ```ts
 * const ids = await SemanticIds.assign(await RqKMeans.fit(table, { size: 16 }), table, { encoder: encoder.id });
 * ids.tuple(0); // [3, 11, 7, 0]
 * ```
 */
export class SemanticIds implements Saveable {
  readonly items: IdMap;
  readonly codebook: Codebook;
  readonly encoder: string;
  /** Codes of an ID: those of the codebook and the one that tells collisions apart. */
  readonly depth: number;
  /** Values of a code. */
  readonly size: number;
  /** Row-major, `depth` an item. */
  readonly tuples: Int32Array;
  readonly trie: IdTrie;
  readonly #byTuple = new Map<string, number>();

  private constructor(items: IdMap, codebook: Codebook, tuples: Int32Array, encoder: string) {
    this.items = items;
    this.codebook = codebook;
    this.encoder = encoder;
    this.depth = codebook.levels + 1;
    this.size = codebook.size;
    this.tuples = tuples;
    for (let item = 0; item < items.size; item++) this.#byTuple.set(this.tuple(item).join(), item);
    if (this.#byTuple.size !== items.size)
      throw new InvalidInputError({
        expected: 'a semantic ID of its own for every item',
        received: `${items.size - this.#byTuple.size} IDs twice`,
        hint: 'Assign the IDs anew: the table was changed.',
      });
    this.trie = new IdTrie(tuples, this.depth);
  }

  /**
   * Gives every row of a table its ID.
   *
   * @throws InvalidInputError if more items share all codes than the last code can tell apart
   */
  static async assign(
    codebook: Codebook,
    table: EmbeddingTable,
    options: SemanticIdsOptions,
  ): Promise<SemanticIds> {
    const codes = await codebook.encode(table.data);
    return new SemanticIds(
      table.ids,
      codebook,
      withCollisionCodes(codes, codebook.levels, codebook.size, table.ids, new Map()),
      options.encoder,
    );
  }

  /** The ID of an item, coarse to fine. */
  tuple(item: number): number[] {
    this.items.idOf(item);
    return Array.from(this.tuples.subarray(item * this.depth, (item + 1) * this.depth));
  }

  /** The item of an ID; undefined where no item has it. */
  find(tuple: ArrayLike<number>): number | undefined {
    return this.#byTuple.get(Array.from(tuple).join());
  }

  /**
   * The IDs with new items behind the known ones, whose IDs stay; the codebook stays as it is.
   *
   * @param table - vectors of the new items by the same encoder
   * @throws InvalidInputError if an item is known already, or collisions overflow
   */
  async extend(table: EmbeddingTable): Promise<SemanticIds> {
    const known = [...table.ids].find((id) => this.items.find(id) !== undefined);
    if (known !== undefined)
      throw new InvalidInputError({
        expected: 'new items only',
        received: `${JSON.stringify(known)}, which has an ID`,
        hint: 'Leave out the items that are known.',
      });
    const taken = new Map<string, number>();
    for (let item = 0; item < this.items.size; item++) {
      const codes = this.tuple(item).slice(0, -1).join();
      taken.set(codes, Math.max(taken.get(codes) ?? 0, this.tuple(item)[this.depth - 1]! + 1));
    }
    const fresh = withCollisionCodes(
      await this.codebook.encode(table.data),
      this.codebook.levels,
      this.size,
      table.ids,
      taken,
    );
    const tuples = new Int32Array(this.tuples.length + fresh.length);
    tuples.set(this.tuples);
    tuples.set(fresh, this.tuples.length);
    return new SemanticIds(new IdMap([...this.items, ...table.ids]), this.codebook, tuples, this.encoder);
  }

  /**
   * The IDs in the order of another id map.
   *
   * @throws UnknownIdError naming the first item without an ID
   */
  align(items: IdMap): SemanticIds {
    if (items === this.items) return this;
    const tuples = new Int32Array(items.size * this.depth);
    let row = 0;
    for (const id of items) {
      const item = this.items.find(id);
      if (item === undefined) throw new UnknownIdError(id, items.what);
      tuples.set(this.tuples.subarray(item * this.depth, (item + 1) * this.depth), row * this.depth);
      row++;
    }
    return new SemanticIds(items, this.codebook, tuples, this.encoder);
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, await this.contents());
  }

  /** What {@link SemanticIds.save} writes, for artifacts that hold IDs among other things. */
  async contents() {
    const { config, tensors } = await this.codebook.parts();
    return {
      kind: KIND,
      version: 1,
      config: { codebook: this.codebook.kind, encoder: this.encoder, ...config },
      tensors: { ...tensors, tuples: { shape: [this.items.size, this.depth], values: this.tuples } },
      files: { 'items.json': JSON.stringify([...this.items]) },
    };
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<SemanticIds> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, 1);
    return SemanticIds.restore({ config: manifest.config as object, tensors, files }, dir);
  }

  /**
   * Rebuilds what {@link SemanticIds.contents} gave.
   *
   * @param source - what the message names
   * @throws ArtifactError if something is missing
   */
  static async restore(
    contents: {
      readonly config: object;
      readonly tensors: Readonly<Record<string, TensorData>>;
      readonly files: Readonly<Record<string, Uint8Array>>;
    },
    source: string,
  ): Promise<SemanticIds> {
    const { tensors, files } = contents;
    try {
      const { codebook, encoder, ...config } = contents.config as {
        codebook: CodebookKind;
        encoder: string;
      };
      const items = new IdMap(
        JSON.parse(Buffer.from(files['items.json'] ?? []).toString('utf8')) as string[],
      );
      const rebuilt = await rebuild(codebook, { config, tensors });
      return new SemanticIds(items, rebuilt, tensors.tuples?.values as Int32Array, encoder);
    } catch (cause) {
      throw new ArtifactError(source, {
        expected: 'codebooks, items and their IDs',
        received: (cause as Error).message,
        hint: 'Fit and save again.',
        cause,
      });
    }
  }
}

async function rebuild(kind: CodebookKind, parts: CodebookParts): Promise<Codebook> {
  switch (kind) {
    case 'rq-vae':
      return RqVae.from(parts);
    case 'rq-k-means':
      return RqKMeans.from(parts);
    case 'lsh':
      return LshCodebook.from(parts);
    case 'random':
      return RandomCodebook.from(parts);
  }
}

/** Puts a last code behind each row that counts the items of equal codes before it. */
function withCollisionCodes(
  codes: Int32Array,
  levels: number,
  size: number,
  items: IdMap,
  taken: Map<string, number>,
): Int32Array {
  const depth = levels + 1;
  const tuples = new Int32Array(items.size * depth);
  for (let item = 0; item < items.size; item++) {
    const own = codes.subarray(item * levels, (item + 1) * levels);
    const key = own.join();
    const before = taken.get(key) ?? 0;
    if (before >= size)
      throw new InvalidInputError({
        expected: `at most ${size} items with equal codes`,
        received: `more with the codes ${key}, among them ${JSON.stringify(items.idOf(item))}`,
        hint: 'The codebook has collapsed or the vectors are equal: fit it better, or use more levels.',
      });
    taken.set(key, before + 1);
    tuples.set(own, item * depth);
    tuples[item * depth + levels] = before;
  }
  return tuples;
}
