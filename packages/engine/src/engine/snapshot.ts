import { contentHash, EmbeddingTable, IdMap, loadOrFit, orCancelled, readManifest } from '@palate/core';
import type { SemanticIds } from '@palate/semantic-id';
import { type LaidOut, layOut } from '../map/lay-out.js';
import { layoutFolder, removeOtherLayouts, SavedLayout } from '../map/saved-layout.js';
import type { FittedMethod, MethodContext, MethodSettings } from '../methods/method.js';
import { methodContext } from '../methods/method-context.js';
import { methodOf } from '../methods/methods.js';
import { type Generation, modelName } from './generation.js';
import { WordLikeness } from './item-likeness.js';
import type { LiveCatalogue } from './live-catalogue.js';
import { PathReasons } from './path-reasons.js';
import { SearchIndex } from './search-index.js';
import { extendedVectors } from './text-vectors.js';
import { Uses } from './uses.js';

/** Vectors that are there or on their way. */
export interface PromisedVectors {
  readonly texts: readonly string[];
  readonly table: Promise<EmbeddingTable>;
}

/**
 * State that answers are based on at one moment: a generation of models, and the catalogue of now. Methods that follow the catalogue are
 * indexed anew over it; others know the items that they were fitted on, which come first.
 */
export class Snapshot {
  readonly generation: Generation;
  readonly catalogue: LiveCatalogue;
  readonly words: WordLikeness;
  readonly paths: PathReasons;
  /** Names data, models and items. */
  readonly version: string;
  /** Who uses what was made for this snapshot alone. */
  readonly uses = new Uses(() => this.#giveBack());
  readonly #followers = new Map<string, Promise<FittedMethod>>();
  readonly #context: MethodContext;
  readonly #known: PromisedVectors | undefined;
  #search: SearchIndex | undefined;
  #vectors: Promise<EmbeddingTable> | undefined;
  #popularity: Float32Array | undefined;
  #laidOut: Promise<LaidOut> | undefined;
  #mapIds: SemanticIds | undefined;

  /** @param before - the snapshot that this one comes after, for the vectors of texts that stay */
  constructor(generation: Generation, catalogue: LiveCatalogue, before?: Snapshot) {
    const { context } = generation;
    this.generation = generation;
    this.catalogue = catalogue;
    this.words = new WordLikeness(catalogue.texts);
    this.paths = new PathReasons(catalogue.dataset.log, () => this.vectors());
    this.version = contentHash([context.dataFingerprint, catalogue.identity, context.seed ?? 0]).slice(0, 12);
    this.#known = before?.knownVectors;
    this.#context = this.#isExtended
      ? methodContext(catalogue.dataset, {
          folder: context.folder,
          seed: context.seed,
          encoder: { get: () => context.encoder(), id: () => context.encoderId() },
          texts: catalogue.texts,
          textProvenance: catalogue.provenance,
          itemVectors: () => this.vectors(),
        })
      : context;
  }

  /** Whether items or texts came after the fit. */
  get #isExtended(): boolean {
    return this.catalogue.dataset !== this.generation.dataset;
  }

  /** A model, over the items of now as far as its method can be. */
  async model(key: string, settings: MethodSettings = {}, signal?: AbortSignal): Promise<FittedMethod> {
    const method = methodOf(key);
    const follows = method.followsCatalogue === true || method.extend !== undefined;
    if (!follows || !this.#isExtended) return this.generation.model(key, settings, signal);
    const name = modelName(key, settings);
    let follower = this.#followers.get(name);
    if (!follower) {
      follower = method.followsCatalogue
        ? method.fit(this.catalogue.dataset, settings, this.#context)
        : this.#extended(key, settings);
      this.#followers.set(name, follower);
      follower.catch(() => this.#followers.delete(name));
    }
    return orCancelled(follower, signal, `waiting for ${key}`);
  }

  async #extended(key: string, settings: MethodSettings): Promise<FittedMethod> {
    const model = await this.generation.model(key, settings);
    const added = [...this.catalogue.items].slice(model.items.size);
    if (added.length === 0) return model;
    const { width, data } = await this.vectors();
    const rows = data.slice(model.items.size * width);
    const table = new EmbeddingTable(new IdMap(added), width, rows, this.catalogue.provenance);
    return (await methodOf(key).extend?.(model, table)) ?? model;
  }

  /** Vectors of the texts of now; those of texts that stayed are taken over. */
  vectors(): Promise<EmbeddingTable> {
    if (!this.#vectors) {
      this.#vectors = this.#encode();
      // The next one who asks tries again.
      this.#vectors.catch(() => {
        this.#vectors = undefined;
      });
    }
    return this.#vectors;
  }

  async #encode(): Promise<EmbeddingTable> {
    const { context } = this.generation;
    if (!this.#isExtended) return context.itemVectors();
    const { texts, items, provenance } = this.catalogue;
    const known = this.#known ?? { texts: await context.itemTexts(), table: context.itemVectors() };
    return extendedVectors(
      { texts: known.texts, table: await known.table },
      texts,
      items,
      () => context.encoder(),
      provenance,
    );
  }

  /** Whether somebody asked for the layout, so that it is worth making again over other items. */
  get isLaidOut(): boolean {
    return this.#laidOut !== undefined;
  }

  /** The items laid out by their texts' vectors, once however many ask, and kept beside the models. */
  laidOut(signal?: AbortSignal): Promise<LaidOut> {
    if (!this.#laidOut) {
      this.#laidOut = this.#keptLayout();
      this.#laidOut.then(
        ({ ids }) => {
          this.#mapIds = ids;
        },
        () => {
          this.#laidOut = undefined;
        },
      );
    }
    return orCancelled(this.#laidOut, signal, 'waiting for the map');
  }

  /** Whether the layout is made, or kept so that it is read. */
  async hasLayout(): Promise<boolean> {
    if (this.#mapIds) return true;
    return readManifest(await this.#layoutFolder()).then(
      () => true,
      () => false,
    );
  }

  /** Folder of the layout of these items and texts; interactions change nothing of it. */
  async #layoutFolder(): Promise<string> {
    const { folder, seed } = this.generation.context;
    const identity = contentHash([this.catalogue.items, await this.#context.textIdentity(), seed ?? 0]);
    return layoutFolder(folder, identity);
  }

  /** Reads the layout, or makes and keeps it in place of those of other items. */
  async #keptLayout(): Promise<LaidOut> {
    const { folder, seed } = this.generation.context;
    const dir = await this.#layoutFolder();
    const { model, reused } = await loadOrFit(dir, {
      load: SavedLayout.load,
      fit: async () => new SavedLayout(await layOut(await this.vectors(), { seed })),
    });
    if (!reused) await removeOtherLayouts(folder, dir);
    return model;
  }

  /** Codes of an item: those of a model that writes semantic IDs, or of the map, where one of them is ready. */
  semanticId(item: number): readonly number[] | undefined {
    return this.generation.semanticId(item) ?? this.#mapIds?.tuple(item);
  }

  /** Vectors that were made for this snapshot or one before it; none if nobody asked for any. */
  get knownVectors(): PromisedVectors | undefined {
    return this.#vectors ? { texts: this.catalogue.texts, table: this.#vectors } : this.#known;
  }

  /** Searches titles and texts; the index is made when it is first asked. */
  get search(): SearchIndex {
    this.#search ??= new SearchIndex(this.catalogue);
    return this.#search;
  }

  /**
   * How often each item was chosen in the data; items that came later get the count of the item in the middle, so that they
   * are neither hidden nor put first.
   */
  get popularity(): Float32Array {
    if (this.#popularity) return this.#popularity;
    const counts = this.generation.dataset.log.itemCounts();
    const middle = counts.toSorted()[counts.length >> 1] ?? 0;
    this.#popularity = Float32Array.from(
      { length: this.catalogue.size },
      (_, item) => counts[item] ?? middle,
    );
    return this.#popularity;
  }

  /** Whether an item came after the fit. */
  isNew(item: number): boolean {
    return item >= this.generation.dataset.log.items.size;
  }

  /** The same models over another catalogue, of which the first items are these. */
  over(catalogue: LiveCatalogue): Snapshot {
    return new Snapshot(this.generation, catalogue, this);
  }

  /** Keeps the snapshot and its generation until the function that is returned is called. */
  use(): () => void {
    const ends = [this.uses.begin(), this.generation.uses.begin()];
    return () => {
      for (const end of ends) end();
    };
  }

  #giveBack(): void {
    for (const follower of this.#followers.values())
      follower.then((model) => model.dispose?.()).catch(() => undefined);
    this.#followers.clear();
  }
}
