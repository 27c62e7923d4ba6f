import { contentHash, type Dataset, orCancelled, throwIfCancelled } from '@palate/core';
import { type SemanticIds, Tiger } from '@palate/semantic-id';
import { fitOrLoadMethod, isKept } from '../methods/fit-or-load-method.js';
import type { FittedMethod, MethodContext, MethodSettings } from '../methods/method.js';
import { methodOf } from '../methods/methods.js';
import { CoUse } from './co-use.js';
import { GraphWalk } from './graph-walk.js';
import { Uses } from './uses.js';

/** How far a model is. */
export type ModelState = 'not fitted' | 'fitting' | 'ready' | 'failed';

/** A model that was asked for. */
export interface ModelEntry {
  readonly method: string;
  readonly settings: MethodSettings;
  readonly state: ModelState;
  /** True if it was read, false if it was fitted. */
  readonly reused?: boolean | undefined;
  readonly seconds?: number | undefined;
  /** Folder in which it is kept. */
  readonly dir?: string | undefined;
}

/** Names of settings that were asked for before: a pipeline's are the same objects for every answer. */
const names = new WeakMap<MethodSettings, Map<string, string>>();

/** Name of a method with its settings: equal for equal content. */
export function modelName(key: string, settings: MethodSettings): string {
  let known = names.get(settings);
  if (!known) {
    known = new Map();
    names.set(settings, known);
  }
  let name = known.get(key);
  if (name === undefined) {
    name = contentHash([key, settings]);
    known.set(key, name);
  }
  return name;
}

interface Held {
  readonly model: Promise<FittedMethod>;
  entry: ModelEntry;
}

/**
 * Models of one state of the data: each is read or fitted when it is first asked for, once however many ask. They are given
 * back when the generation is retired and the last answer that uses them is given.
 */
export class Generation {
  readonly dataset: Dataset;
  readonly context: MethodContext;
  readonly coUse: CoUse;
  readonly graphWalk: GraphWalk;
  readonly #models = new Map<string, Held>();
  /** Models that were replaced: answers under way may still use them. */
  readonly #replaced: Held[] = [];
  #ids: SemanticIds | undefined;
  readonly #onNotice: (notice: string) => void;
  /** Who uses the models. */
  readonly uses = new Uses(() => this.#giveBack());

  constructor(dataset: Dataset, context: MethodContext, onNotice: (notice: string) => void) {
    this.dataset = dataset;
    this.context = context;
    this.coUse = new CoUse(dataset.log);
    this.graphWalk = new GraphWalk(dataset.log);
    this.#onNotice = onNotice;
  }

  /**
   * A model of the registry, read or fitted.
   *
   * @param signal - stops waiting; the fit goes on for others
   */
  async model(key: string, settings: MethodSettings, signal?: AbortSignal): Promise<FittedMethod> {
    throwIfCancelled(signal, `waiting for ${key}`);
    const name = modelName(key, settings);
    const held = this.#models.get(name) ?? this.#begin(name, key, settings);
    return orCancelled(held.model, signal, `waiting for ${key}`);
  }

  /**
   * Fits a model of the registry anew, whatever is kept; what was kept stays until the new one is whole.
   *
   * @param signal - stops waiting; the fit goes on for others
   */
  async fitAnew(key: string, settings: MethodSettings, signal?: AbortSignal): Promise<FittedMethod> {
    throwIfCancelled(signal, `waiting for ${key}`);
    const name = modelName(key, settings);
    if (!this.#models.has(name))
      return orCancelled(this.#begin(name, key, settings, true).model, signal, `waiting for ${key}`);
    const held = this.#make(key, settings, true);
    held.model.then(
      () => {
        const before = this.#models.get(name);
        this.#models.set(name, held);
        if (before) this.#replaced.push(before);
      },
      // The old one stays.
      () => undefined,
    );
    return orCancelled(held.model, signal, `waiting for ${key}`);
  }

  #begin(name: string, key: string, settings: MethodSettings, force = false): Held {
    const held = this.#make(key, settings, force);
    this.#models.set(name, held);
    held.model.catch(() => {
      // The next one who asks tries again.
      if (this.#models.get(name) === held) this.#models.delete(name);
    });
    return held;
  }

  #make(key: string, settings: MethodSettings, force: boolean): Held {
    const { onProgress } = this.context;
    const made = fitOrLoadMethod(methodOf(key), this.dataset, {
      context: {
        ...this.context,
        onProgress:
          onProgress && ((progress) => onProgress({ ...progress, phase: `${key}: ${progress.phase}` })),
      },
      settings,
      force,
      onNotice: this.#onNotice,
    });
    const held: Held = {
      model: made.then(({ model }) => model),
      entry: { method: key, settings, state: 'fitting' },
    };
    made.then(
      ({ model, reused, seconds, dir }) => {
        if (model instanceof Tiger) this.#ids = model.ids;
        held.entry = { method: key, settings, state: 'ready', reused, seconds, dir };
      },
      () => {
        held.entry = { method: key, settings, state: 'failed' };
      },
    );
    return held;
  }

  /** Whether a model is ready, or kept so that it is read and not fitted. */
  async isAtHand(key: string, settings: MethodSettings): Promise<boolean> {
    const held = this.#models.get(modelName(key, settings));
    return held?.entry.state === 'ready' || isKept(methodOf(key), settings, this.context);
  }

  /** Models that were asked for. */
  get entries(): readonly ModelEntry[] {
    return [...this.#models.values()].map(({ entry }) => entry);
  }

  /** Codes of an item, where a method that writes semantic IDs is ready. */
  semanticId(item: number): readonly number[] | undefined {
    return item < (this.#ids?.items.size ?? 0) ? this.#ids?.tuple(item) : undefined;
  }

  /** Semantic IDs of the items, where a method that writes them is ready. */
  get semanticIds(): SemanticIds | undefined {
    return this.#ids;
  }

  #giveBack(): void {
    const models = [...this.#models.values(), ...this.#replaced];
    this.#models.clear();
    // A fit that is on its way is given back when it arrives; one that fails holds nothing.
    for (const { model } of models) model.then((ready) => ready.dispose?.()).catch(() => undefined);
  }
}
