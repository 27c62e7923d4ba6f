import type { AddedItemStore, FeedbackStore, LongCallOptions, StoredFeedback } from '@palate/core';
import { readManifest, removeArtifact } from '@palate/core';
import type { MethodSettings } from '../methods/method.js';
import { methodContext } from '../methods/method-context.js';
import type { EngineFolder, FittedFeedback } from './engine-folder.js';
import type { FeedbackState } from './feedback-state.js';
import { feedbackBeside, hashOfEvents, middleRating, withFeedback } from './fitted-data.js';
import { Generation, modelName } from './generation.js';
import type { LiveCatalogue } from './live-catalogue.js';
import type { EngineOptions } from './options.js';
import type { NewItem } from './request.js';
import { Snapshot } from './snapshot.js';
import { extendedVectors } from './text-vectors.js';

/** Items that were added, as far as they were read. */
export interface AddedSoFar {
  readonly items: readonly NewItem[];
  /** Sequence number of the last. */
  readonly sequence: number;
}

/** Reads the items that were added after `before`, and gives them together with those. */
export async function readAdded(
  store: AddedItemStore,
  before: AddedSoFar = { items: [], sequence: 0 },
): Promise<AddedSoFar> {
  const fresh: NewItem[] = [];
  let { sequence } = before;
  for await (const each of store.read(sequence)) {
    fresh.push(each.item);
    sequence = each.sequence;
  }
  return { items: [...before.items, ...fresh], sequence };
}

/** State that an engine begins with. */
export interface OpenedState {
  /** The catalogue of the data set as it was given. */
  readonly base: LiveCatalogue;
  readonly added: AddedSoFar;
  readonly snapshot: Snapshot;
  readonly feedback: FeedbackState;
}

/** Report of a refit. */
export interface RefitReport {
  /** Keys of the methods that were fitted. */
  readonly fitted: readonly string[];
  /** Events of feedback that the models hold now. */
  readonly feedback: number;
  /** Items that came after the first fit. */
  readonly newItems: number;
  readonly seconds: number;
  readonly version: string;
}

/** All events of a store. */
export async function readEvents(store: FeedbackStore): Promise<StoredFeedback[]> {
  const events: StoredFeedback[] = [];
  for await (const event of store.read()) events.push(event);
  return events;
}

/** Reads what was added and told since the data set was made, and which of it the models of the last refit hold. */
export async function openState(
  base: LiveCatalogue,
  folder: EngineFolder,
  store: FeedbackStore,
  itemStore: AddedItemStore,
  options: EngineOptions,
  closing: AbortSignal,
): Promise<OpenedState> {
  const { onNotice = () => undefined } = options;
  const added = await readAdded(itemStore);
  const events = await readEvents(store);
  const fitted = await currentFit(await folder.fittedFeedback(), events, added.items.length, onNotice);
  const middle = middleRating(base.dataset.log);
  const known = fittedCatalogue(base, added.items, events, fitted, middle);
  const generation = generationOf(known, folder.path, options, closing);
  const rest = added.items.slice(fitted.items);
  const live = rest.length === 0 ? known : known.with(merged(rest)).catalogue;
  return {
    base,
    added,
    snapshot: new Snapshot(generation, live),
    feedback: feedbackBeside(events, fitted.sequence, middle, live.items),
  };
}

/** One entry an id, later ones over earlier ones, in the order in which ids came first. */
export function merged(items: readonly NewItem[]): NewItem[] {
  const byId = new Map<string, NewItem>();
  for (const { id, text, attributes } of items) {
    const before = byId.get(id);
    byId.set(id, {
      id,
      text: { ...before?.text, ...text },
      attributes: { ...before?.attributes, ...attributes },
    });
  }
  return [...byId.values()];
}

/** Finds the state that the last refit left, if the store is the one that it read. */
async function currentFit(
  fitted: FittedFeedback | undefined,
  events: readonly StoredFeedback[],
  added: number,
  onNotice: (notice: string) => void,
): Promise<FittedFeedback> {
  const nothing = { sequence: 0, hash: '', items: 0 };
  if (!fitted) return nothing;
  const held = events.filter(({ sequence }) => sequence <= fitted.sequence);
  if (hashOfEvents(held) === fitted.hash && fitted.items <= added) return fitted;
  onNotice('The feedback differs from that of the last refit: models fitted without it are used.');
  return nothing;
}

/** The catalogue that models are fitted on: with the feedback and the items up to a point. */
function fittedCatalogue(
  base: LiveCatalogue,
  added: readonly NewItem[],
  events: readonly StoredFeedback[],
  { sequence, items }: Pick<FittedFeedback, 'sequence' | 'items'>,
  middle: number,
): LiveCatalogue {
  const extended = items === 0 ? base : base.with(merged(added.slice(0, items))).catalogue;
  const held = events.filter((event) => event.sequence <= sequence);
  return held.length === 0 ? extended : extended.over(withFeedback(extended.dataset, held, middle));
}

function generationOf(
  catalogue: LiveCatalogue,
  folder: string,
  options: EngineOptions,
  closing: AbortSignal,
  before?: Snapshot,
): Generation {
  const { knowledge, encoder, effort, seed, signal, onProgress, onNotice = () => undefined } = options;
  const { dataset, texts } = catalogue;
  const known = before?.knownVectors;
  const context = methodContext(dataset, {
    folder,
    seed,
    signal: signal ? AbortSignal.any([signal, closing]) : closing,
    onProgress,
    onNotice,
    encoder,
    effort,
    texts,
    textProvenance: catalogue.provenance,
    knowledge,
    ...(known && before
      ? {
          itemVectors: async () =>
            extendedVectors(
              { texts: known.texts, table: await known.table },
              texts,
              dataset.log.items,
              () => before.generation.context.encoder(),
              catalogue.provenance,
            ),
        }
      : {}),
  });
  return new Generation(dataset, context, onNotice);
}

/** A method with its settings. */
export interface ChosenModel {
  readonly method: string;
  readonly settings: MethodSettings;
}

/** A state that is fitted anew, ready to take the place of the one before. */
export interface RefittedState {
  readonly snapshot: Snapshot;
  readonly fitted: FittedFeedback;
  readonly report: Pick<RefitReport, 'fitted' | 'feedback' | 'newItems'>;
  /** Takes the kept models of the generation before away, as far as this one does not use them. */
  removeOld(before: Generation): Promise<void>;
}

/** Fits the models of a state again, on data with the feedback of now. Nothing of the old state is changed. */
export async function refitState(
  { base, added, snapshot }: Pick<OpenedState, 'base' | 'added' | 'snapshot'>,
  store: FeedbackStore,
  options: EngineOptions & LongCallOptions & { readonly models?: readonly ChosenModel[] | undefined },
  closing: AbortSignal,
): Promise<RefittedState> {
  const events = await readEvents(store);
  const fitted: FittedFeedback = {
    sequence: events.at(-1)?.sequence ?? 0,
    hash: hashOfEvents(events),
    items: added.items.length,
  };
  const middle = middleRating(base.dataset.log);
  const catalogue = fittedCatalogue(base, added.items, events, fitted, middle);
  const before = snapshot.generation;
  const generation = generationOf(catalogue, before.context.folder, options, closing, snapshot);
  const inUse = before.entries.filter(({ state }) => state === 'ready' || state === 'fitting');
  const wanted = new Map(
    [...inUse, ...(options.models ?? [])].map(({ method, settings }) => [
      modelName(method, settings),
      { method, settings },
    ]),
  );
  const next = new Snapshot(generation, catalogue, snapshot);
  try {
    for (const { method, settings } of wanted.values())
      await generation.model(method, settings, options.signal);
    if (snapshot.isLaidOut) await next.laidOut(options.signal);
  } catch (error) {
    generation.uses.retire();
    throw error;
  }
  return {
    snapshot: next,
    fitted,
    report: {
      fitted: [...wanted.values()].map(({ method }) => method),
      feedback: events.length,
      newItems: catalogue.size - base.size,
    },
    removeOld: (old) => removeUnused(foldersOf(old), generation),
  };
}

/** Folders in which the models of a generation are kept. */
function foldersOf({ entries }: Generation): string[] {
  return entries.flatMap(({ dir }) => (dir === undefined ? [] : [dir]));
}

/** Takes kept models away that a generation does not use; those that are gone already are passed over. */
export async function removeUnused(dirs: readonly string[], generation: Generation): Promise<void> {
  const kept = new Set(foldersOf(generation));
  for (const dir of dirs) {
    if (kept.has(dir)) continue;
    const manifest = await readManifest(dir).catch(() => undefined);
    if (manifest) await removeArtifact(dir, manifest.kind);
  }
}
