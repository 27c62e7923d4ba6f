import {
  ArtifactError,
  artifactTensor,
  checkChoice,
  checkNumber,
  defineOptions,
  type EmbeddingTable,
  IdMap,
  InvalidInputError,
  itemFiles,
  joinProvenance,
  type OptionsOf,
  option,
  type Provenance,
  readArtifact,
  rebuildSaved,
  type Saveable,
  savedItems,
  savedProvenance,
  type TensorData,
  UNKNOWN,
  UnknownIdError,
  writeArtifact,
} from '@palate/core';
import type { Codebook, CodebookParts } from '../codebooks/codebook.js';
import { CODEBOOKS, type CodebookKind } from '../codebooks/codebooks.js';
import { IdTrie } from './id-trie.js';

const KIND = 'semantic-ids';
/** 2 says what the IDs know of interactions. */
const VERSION = 2;

/** Most codes that distinguish items of equal codes. */
const MOST_COLLISION_LEVELS = 16;

/** Options of {@link SemanticIds.assign}. */
export const SEMANTIC_IDS = defineOptions(
  'SemanticIds.assign',
  {
    encoder: option.text().required({
      doc: 'name of the vectors’ text encoder: new items must be encoded with the same one',
    }),
    collisionLevels: option.integer({ min: 1, max: MOST_COLLISION_LEVELS }).optional({
      doc: 'additional codes that distinguish items with equal codes, up to `size ** collisionLevels` of them. Left out: as many as the items need, at least one; more leave room for items added later',
    }),
  },
  [],
);

/** Options of {@link SemanticIds.assign}; {@link SEMANTIC_IDS} says what each does. */
export type SemanticIdsOptions = OptionsOf<typeof SEMANTIC_IDS.declarations>;

/**
 * A semantic ID for each item: the codes of its vector, and behind them a number that tells items of equal codes apart,
 * written in as many codes as it takes (one, mostly; 0 where an item is alone). IDs and items are one to one.
 *
 * @example
 * ```ts
 * const ids = await SemanticIds.assign(await RqKMeans.fit(table, { size: 16 }), table, { encoder: encoder.id });
 * const tuple = ids.tuple(0); // such as [3, 11, 7, 0]
 * ```
 */
export class SemanticIds implements Saveable {
  readonly items: IdMap;
  readonly codebook: Codebook;
  readonly encoder: string;
  /** Codes of an ID: those of the codebook and those that distinguish collisions. */
  readonly depth: number;
  /** Values of a code. */
  readonly size: number;
  /** Row-major, `depth` an item. */
  readonly tuples: Int32Array;
  readonly trie: IdTrie;
  /** Knowledge of interactions in the vectors behind the IDs, and behind the codebook. */
  readonly provenance: Provenance;
  readonly #byTuple = new Map<string, number>();

  private constructor(
    items: IdMap,
    codebook: Codebook,
    tuples: Int32Array,
    encoder: string,
    collisionLevels: number,
    provenance: Provenance,
  ) {
    this.items = items;
    this.provenance = provenance;
    this.codebook = codebook;
    this.encoder = encoder;
    this.depth = codebook.levels + collisionLevels;
    this.size = codebook.size;
    this.tuples = tuples;
    for (let item = 0; item < items.size; item++) this.#byTuple.set(this.tuple(item).join(), item);
    if (this.#byTuple.size !== items.size)
      throw new InvalidInputError({
        expected: 'a semantic ID of its own for every item',
        received: `${items.size - this.#byTuple.size} items with the ID of another item`,
        hint: 'Assign the IDs anew: the table was changed.',
      });
    this.trie = new IdTrie(tuples, this.depth);
  }

  /**
   * Gives every row of a table its ID.
   *
   * @throws InvalidInputError for vectors of another width than the codebook's, or if `collisionLevels` are given and more
   *   items share all codes than they can tell apart
   */
  static async assign(
    codebook: Codebook,
    table: EmbeddingTable,
    options: SemanticIdsOptions,
  ): Promise<SemanticIds> {
    const { encoder, collisionLevels } = SEMANTIC_IDS.settings(options);
    checkWidth(codebook, table);
    const numbers = new CollisionNumbers(codebook.levels);
    const codes = await codebook.encode(table.data);
    const own = numbers.of(codes);
    const levels = checkNumber(
      'collisionLevels',
      collisionLevels ?? digitsOf(numbers.largest, codebook.size),
      { min: 1, max: MOST_COLLISION_LEVELS, integer: true },
    );
    const tuples = withCollisionCodes(codes, own, codebook, levels, table.ids);
    return new SemanticIds(
      table.ids,
      codebook,
      tuples,
      encoder,
      levels,
      joinProvenance([codebook.provenance, table.provenance]),
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
   * @throws InvalidInputError if an item is known already, vectors are of another width than the codebook's, or more items
   *   share all codes than `collisionLevels` can tell apart
   */
  async extend(table: EmbeddingTable): Promise<SemanticIds> {
    const known = [...table.ids].find((id) => this.items.find(id) !== undefined);
    if (known !== undefined)
      throw new InvalidInputError({
        expected: 'new items only',
        received: `${JSON.stringify(known)}, which has an ID`,
        hint: 'Leave out the known items.',
      });
    checkWidth(this.codebook, table);
    const { levels, size } = this.codebook;
    const collisionLevels = this.depth - levels;
    const numbers = new CollisionNumbers(levels);
    for (let item = 0; item < this.items.size; item++) {
      const tuple = this.tuples.subarray(item * this.depth, (item + 1) * this.depth);
      numbers.take(
        tuple.subarray(0, levels),
        tuple.subarray(levels).reduce((number, code) => number * size + code, 0),
      );
    }
    const codes = await this.codebook.encode(table.data);
    const fresh = withCollisionCodes(codes, numbers.of(codes), this.codebook, collisionLevels, table.ids);
    const tuples = new Int32Array(this.tuples.length + fresh.length);
    tuples.set(this.tuples);
    tuples.set(fresh, this.tuples.length);
    return new SemanticIds(
      new IdMap([...this.items, ...table.ids]),
      this.codebook,
      tuples,
      this.encoder,
      collisionLevels,
      joinProvenance([this.provenance, table.provenance]),
    );
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
    return new SemanticIds(
      items,
      this.codebook,
      tuples,
      this.encoder,
      this.depth - this.codebook.levels,
      this.provenance,
    );
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, await this.contents());
  }

  /** Contents that {@link SemanticIds.save} writes, for artifacts that hold IDs among other things. */
  async contents() {
    const { config, tensors } = await this.codebook.parts();
    return {
      kind: KIND,
      version: VERSION,
      config: {
        codebook: this.codebook.kind,
        encoder: this.encoder,
        provenance: this.provenance,
        codebookProvenance: this.codebook.provenance,
        ...config,
      },
      tensors: { ...tensors, tuples: { shape: [this.items.size, this.depth], values: this.tuples } },
      files: itemFiles(this.items),
    };
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<SemanticIds> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, VERSION);
    return SemanticIds.restore({ config: manifest.config, tensors, files }, dir);
  }

  /**
   * Rebuilds what {@link SemanticIds.contents} gave.
   *
   * @param source - what the message names
   * @throws ArtifactError if something is missing
   */
  static async restore(
    contents: {
      readonly config: unknown;
      readonly tensors: Readonly<Record<string, TensorData>>;
      readonly files: Readonly<Record<string, Uint8Array>>;
    },
    source: string,
  ): Promise<SemanticIds> {
    const { tensors } = contents;
    return rebuildSaved(source, 'codebooks, items and their IDs', async () => {
      const {
        codebook: kind,
        encoder,
        provenance,
        codebookProvenance,
        ...config
      } = Object(contents.config) as Record<string, unknown>;
      const items = savedItems(source, contents);
      const codebook = await rebuild(kind, {
        config,
        tensors,
        provenance: savedProvenance(source, codebookProvenance) ?? UNKNOWN,
      });
      const tuples = artifactTensor(source, tensors, 'tuples', {
        type: 'int32',
        shape: [items.size, undefined],
        min: 0,
        max: codebook.size - 1,
      });
      const collisionLevels = (tuples.shape[1] as number) - codebook.levels;
      if (collisionLevels < 1 || collisionLevels > MOST_COLLISION_LEVELS || typeof encoder !== 'string')
        throw new ArtifactError(source, {
          expected: `an encoder's name and IDs of at least ${codebook.levels + 1} codes`,
          received: `${JSON.stringify(encoder)} and IDs of ${tuples.shape[1]} codes`,
          hint: 'The artifact was changed: restore it, or fit and save again.',
        });
      return new SemanticIds(
        items,
        codebook,
        tuples.values,
        encoder,
        collisionLevels,
        savedProvenance(source, provenance) ?? UNKNOWN,
      );
    });
  }
}

async function rebuild(kind: unknown, parts: CodebookParts): Promise<Codebook> {
  const kinds = Object.keys(CODEBOOKS) as CodebookKind[];
  return CODEBOOKS[checkChoice('the kind of the codebook', kind, kinds)].from(parts);
}

function checkWidth(codebook: Codebook, table: EmbeddingTable): void {
  if (table.width !== codebook.width)
    throw new InvalidInputError({
      expected: `vectors of width ${codebook.width}, which the codebook was fitted on`,
      received: `width ${table.width}`,
      hint: 'Encode the items with the encoder that the codebook was fitted with.',
    });
}

/** Numbers items of equal codes from 0. */
class CollisionNumbers {
  /** The highest number given so far; 0 before the first. */
  largest = 0;
  readonly #levels: number;
  readonly #next = new Map<string, number>();

  /** @param levels - codes of a row */
  constructor(levels: number) {
    this.#levels = levels;
  }

  /** Notes a number that an item with these codes has. */
  take(codes: Int32Array, number: number): void {
    const key = codes.join();
    this.#next.set(key, Math.max(this.#next.get(key) ?? 0, number + 1));
  }

  /** The next number of each row of codes. */
  of(codes: Int32Array): Int32Array {
    return Int32Array.from({ length: codes.length / this.#levels }, (_, row) => {
      const key = codes.subarray(row * this.#levels, (row + 1) * this.#levels).join();
      const number = this.#next.get(key) ?? 0;
      this.#next.set(key, number + 1);
      this.largest = Math.max(this.largest, number);
      return number;
    });
  }
}

/** Digits to the base `size` that a number takes, at least one. */
function digitsOf(number: number, size: number): number {
  let digits = 1;
  for (let rest = Math.floor(number / size); rest > 0; rest = Math.floor(rest / size)) digits++;
  return digits;
}

/** Puts behind each row of codes the number that tells it apart, as digits to the base `size`. */
function withCollisionCodes(
  codes: Int32Array,
  numbers: Int32Array,
  { levels, size }: Codebook,
  collisionLevels: number,
  items: IdMap,
): Int32Array {
  const depth = levels + collisionLevels;
  const tuples = new Int32Array(items.size * depth);
  for (let item = 0; item < items.size; item++) {
    const own = codes.subarray(item * levels, (item + 1) * levels);
    tuples.set(own, item * depth);
    let rest = numbers[item]!;
    for (let level = depth - 1; level >= levels; level--) {
      tuples[item * depth + level] = rest % size;
      rest = Math.floor(rest / size);
    }
    if (rest > 0)
      throw new InvalidInputError({
        expected: `at most ${size ** collisionLevels} items with equal codes, as many as ${collisionLevels} collision levels of ${size} distinguish`,
        received: `more with the codes ${own.join()}, among them ${JSON.stringify(items.idOf(item))}`,
        hint: `Assign all IDs anew with collisionLevels: ${collisionLevels + 1}, and fit models on them again.`,
      });
  }
  return tuples;
}
