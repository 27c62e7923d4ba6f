import { CancelledError, throwIfCancelled } from '@palate/core';
import { type ItemMap, itemMap } from '../map/item-map.js';
import type { Answer, Explanation, ItemPage, ItemView, UserView } from './answer.js';
import { answerBySystem } from './answer-by-system.js';
import type { AnswerState, NamedRequest } from './answer-requests.js';
import { AnswerTotals } from './answer-totals.js';
import type { CallOptions, ExplainCallOptions, RefitOptions } from './call-options.js';
import { checkRequest } from './check-request.js';
import { type EngineParts, openParts } from './engine-parts.js';
import type { EngineStatus, MethodStatus } from './engine-status.js';
import { explainItem } from './explain-item.js';
import { feedbackRecords } from './feedback-records.js';
import type { FeedbackState } from './feedback-state.js';
import { feedbackBeside, middleRating } from './fitted-data.js';
import type { ModelEntry } from './generation.js';
import { namedRanking, namedRecommendations } from './named-requests.js';
import type { EngineOptions } from './options.js';
import { settingsOf } from './pipeline.js';
import { prepareModels } from './prepare-models.js';
import {
  type AddedSoFar,
  merged,
  type RefitReport,
  readAdded,
  readEvents,
  refitState,
  removeUnused,
} from './refit.js';
import { RefitRuns } from './refit-runs.js';
import type {
  ExplainRequest,
  FeedbackEvent,
  NewItem,
  RankRequest,
  RecommendRequest,
  SearchRequest,
  SimilarRequest,
} from './request.js';
import { searchItems, similarItems } from './similar-items.js';
import type { Snapshot } from './snapshot.js';
import { statusOf } from './status-of.js';
import { textPieces } from './text-pieces.js';
import { Turns } from './turns.js';
import { itemPage, itemView, userView } from './views.js';

/**
 * One recommender over any data: finds, orders and explains items by a pipeline of methods, takes feedback and new items in
 * at once, and is fitted again beside the answers that it gives. Ids are those of the data, requests and answers plain JSON.
 *
 * Models are read or fitted when an answer first needs them, and kept in a folder.
 *
 * @example
 * ```ts
 * await using engine = await Engine.open({ dataset });
 * const { items } = await engine.recommend({ history: ['alien', 'heat'], k: 5, explain: true });
 * await engine.feedback([{ user: 'ann', item: 'alien', kind: 'like' }]);
 * ```
 */
export class Engine {
  readonly #parts: EngineParts;
  #snapshot: Snapshot;
  #feedback: FeedbackState;
  #added: AddedSoFar;
  readonly #refits = new RefitRuns();
  readonly #totals = new AnswerTotals();
  /** Changes of the state. */
  readonly #turns = new Turns();
  #isClosed = false;

  private constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#snapshot = parts.snapshot;
    this.#feedback = parts.feedback;
    this.#added = parts.added;
  }

  /**
   * Opens an engine: checks the options, reads feedback and added items. No model is fitted yet.
   *
   * @throws InvalidInputError for options that cannot be used, or a folder that cannot be made
   * @throws ArtifactError for damaged files of the folder
   */
  static async open(options: EngineOptions): Promise<Engine> {
    return new Engine(await openParts(options));
  }

  /** Answers one request. */
  async recommend(request: RecommendRequest, options: CallOptions = {}): Promise<Answer> {
    const [answer] = await this.recommendBatch([request], options);
    return answer as Answer;
  }

  /**
   * Answers requests in their order, each model asked once for all of them.
   *
   * @throws InvalidInputError naming the request that cannot be used; then none is answered
   */
  async recommendBatch(requests: readonly RecommendRequest[], options: CallOptions = {}): Promise<Answer[]> {
    return this.#answer(namedRecommendations(requests), options);
  }

  /** Orders the items that are given, those of the history too. */
  async rank(request: RankRequest, options: CallOptions = {}): Promise<Answer> {
    const [answer] = await this.#answer([namedRanking(request)], options);
    return answer as Answer;
  }

  async #answer(named: readonly NamedRequest[], options: CallOptions): Promise<Answer[]> {
    const { effort, options: opened } = this.#parts;
    return this.#with(options, (state) =>
      answerBySystem(
        named,
        state,
        effort,
        { signal: options.signal, seed: opened.seed },
        (answered, outcomes) => this.#totals.add(answered, outcomes),
      ),
    );
  }

  /** Finds items like one: by what is chosen together, or by their texts. */
  async similar(request: SimilarRequest, options: CallOptions = {}): Promise<Answer> {
    checkRequest('similar', request);
    return this.#with(options, (state) => similarItems(request, state, options.signal));
  }

  /** Finds items by words: titles first, also begun or misspelt, then texts. */
  async search(request: SearchRequest, options: CallOptions = {}): Promise<Answer> {
    checkRequest('search', request);
    return this.#with(options, (state) => searchItems(request, state));
  }

  /** Explains one item: by the live model where there is one, from what is stored otherwise. */
  async explain(request: ExplainRequest, options: ExplainCallOptions = {}): Promise<Explanation> {
    return this.#explain(request, options.signal, options.onText);
  }

  /** Explains one item, the text in pieces as a live model writes them. */
  explainStream(request: ExplainRequest, options: CallOptions = {}): AsyncIterable<string> {
    return textPieces((onText, signal) => this.#explain(request, signal, onText), options.signal);
  }

  #explain(
    request: ExplainRequest,
    signal: AbortSignal | undefined,
    onText?: (piece: string) => void,
  ): Promise<Explanation> {
    checkRequest('explain', request);
    return this.#with({ signal }, ({ snapshot, feedback, live, pipeline }) =>
      explainItem(request, snapshot, feedback, { live, pipeline, signal, onText }),
    );
  }

  /**
   * Keeps what users did, and counts it for their next answer: resolves when the store has it.
   *
   * @returns how many were new
   * @throws InvalidInputError for events that cannot be used; then none is kept
   */
  async feedback(events: readonly FeedbackEvent[], options: CallOptions = {}): Promise<{ accepted: number }> {
    this.#check(options.signal);
    const records = feedbackRecords(events, this.#snapshot.catalogue);
    const { stored } = await this.#parts.store.append(records);
    await this.#turns.run(() => this.#takeEvents());
    return { accepted: stored };
  }

  /**
   * Takes in what others gave meanwhile to the same store, such as another server: feedback, and items that were added.
   *
   * @returns how many events were new
   */
  async catchUp(): Promise<{ events: number; items: number }> {
    this.#check();
    return this.#turns.run(async () => ({ items: await this.#takeKept(), events: await this.#takeEvents() }));
  }

  async #takeKept(): Promise<number> {
    const all = await readAdded(this.#parts.items, this.#added);
    const fresh = all.items.slice(this.#added.items.length);
    if (fresh.length > 0) {
      const before = this.#snapshot;
      this.#added = all;
      this.#snapshot = before.over(before.catalogue.with(merged(fresh)).catalogue);
      before.uses.retire();
    }
    return fresh.length;
  }

  async #takeEvents(): Promise<number> {
    let taken = 0;
    for await (const event of this.#parts.store.read(this.#feedback.sequence)) {
      this.#feedback.take(event, this.#snapshot.catalogue.items);
      taken++;
    }
    return taken;
  }

  /**
   * Adds items, or new texts of known ones, without fitting: words and texts find them at once.
   *
   * @throws InvalidInputError for items that cannot be used; then none is added
   */
  async addItems(items: readonly NewItem[]): Promise<{ added: number; updated: number }> {
    this.#check();
    return this.#turns.run(async () => {
      await this.#takeKept();
      // Refused before anything is kept.
      const { added, updated } = this.#snapshot.catalogue.with(items);
      await this.#parts.items.append(items);
      // As the store has them: somebody else may have added others just before.
      await this.#takeKept();
      return { added, updated };
    });
  }

  /**
   * Fits a method of the registry on the data, or reads it.
   *
   * @param request - `force` refits it: the old model answers until the new one is complete
   * @returns its state, with the seconds that it took
   */
  async fit(
    { system, force = false }: { readonly system: string; readonly force?: boolean | undefined },
    options: CallOptions = {},
  ): Promise<MethodStatus> {
    const settings = settingsOf(system, undefined, this.#parts.effort);
    await this.#with(options, async ({ snapshot }) => {
      const { generation } = snapshot;
      await (force
        ? generation.fitAnew(system, settings, options.signal)
        : generation.model(system, settings, options.signal));
      // With the vectors at hand the map costs little more.
      if (generation.context.hasItemVectors) await snapshot.laidOut(options.signal);
    });
    return this.status().methods.find(({ key }) => key === system) as MethodStatus;
  }

  /** Models that were asked for so far, with the folders in which they are kept. */
  models(): readonly ModelEntry[] {
    this.#check();
    return this.#snapshot.generation.entries;
  }

  /** Takes kept models away, by their folders, as far as none is in use here. */
  async removeModels(folders: readonly string[]): Promise<void> {
    this.#check();
    await this.#turns.run(() => removeUnused(folders, this.#snapshot.generation));
  }

  /** Returns what is known of an item; undefined where nobody knows it. */
  item(id: string): ItemView | undefined {
    this.#check();
    return itemView(id, this.#snapshot, this.#feedback);
  }

  /** A page of the catalogue, of titles or ids that begin with a prefix. */
  items(
    page: { readonly prefix?: string; readonly offset?: number; readonly limit?: number } = {},
  ): ItemPage {
    this.#check();
    return itemPage(page, this.#snapshot);
  }

  /**
   * All items on a plane and in a tree of semantic IDs, by the vectors of their texts: made when it is first asked for, once
   * for each state of the items. Without items where none has a text.
   */
  async map(options: CallOptions = {}): Promise<ItemMap> {
    return this.#with(options, ({ snapshot }) => itemMap(snapshot, options.signal));
  }

  /** Whether the map of the items of now is made, or kept so that it is read and need not be made. */
  async hasMap(): Promise<boolean> {
    return this.#with({}, ({ snapshot }) => snapshot.hasLayout());
  }

  /** External ids of all users: those of the data, then those who came since and gave feedback. */
  userIds(): readonly string[] {
    this.#check();
    const { users } = this.#snapshot.generation.dataset.log;
    return [...users, ...this.#feedback.userIds.filter((id) => !users.has(id))];
  }

  /** Returns what is known of a user; undefined where nobody knows them. */
  user(id: string): UserView | undefined {
    this.#check();
    return userView(id, this.#snapshot, this.#feedback);
  }

  /** Reads or fits every model of the pipeline and answers once, so that no answer has to wait for what is made at first use. */
  async prepare(options: Pick<RefitOptions, 'signal' | 'models'> = {}): Promise<void> {
    const { signal, models } = options;
    const { seed } = this.#parts.options;
    await this.#with(options, (state) => prepareModels(state, models, { signal, seed }));
  }

  /**
   * Fits all models that are in use again, on the data with its feedback and new items. Answers come from the old ones until
   * all new ones are ready, then from the new ones. A second call while one runs waits for that one.
   *
   * Fits compute in this thread. To keep answers fast, open a second engine in another thread or process on the same folder and
   * the same feedback, refit that one with the `models` of this one (`models()`), and open a third to answer from then on.
   *
   * @throws CancelledError if `signal` fires; then the old models stay
   */
  refit(options: RefitOptions = {}): Promise<RefitReport> {
    this.#check(options.signal);
    return this.#refits.run(() => this.#runRefit(options));
  }

  async #runRefit(options: RefitOptions): Promise<Omit<RefitReport, 'seconds'>> {
    const { store, folder, closing } = this.#parts;
    const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
    const next = await refitState(
      { base: this.#parts.base, added: this.#added, snapshot: this.#snapshot },
      store,
      { ...this.#parts.options, ...options, signal },
      closing.signal,
    );
    await this.#turns.run(async () => {
      throwIfCancelled(signal, 'refitting');
      const events = await readEvents(store);
      await folder.keepFittedFeedback(next.fitted);
      const before = this.#snapshot;
      const rest = this.#added.items.slice(next.fitted.items);
      const { catalogue } = next.snapshot;
      this.#snapshot =
        rest.length === 0 ? next.snapshot : next.snapshot.over(catalogue.with(merged(rest)).catalogue);
      this.#feedback = feedbackBeside(
        events,
        next.fitted.sequence,
        middleRating(this.#parts.base.dataset.log),
        this.#snapshot.catalogue.items,
      );
      await next.removeOld(before.generation);
      before.uses.retire();
      before.generation.uses.retire();
    });
    return { ...next.report, version: this.#snapshot.version };
  }

  /** State of data, models, feedback and refit. */
  status(): EngineStatus {
    this.#check();
    const { pipeline, folder, live, effort } = this.#parts;
    return statusOf({
      snapshot: this.#snapshot,
      feedback: this.#feedback,
      pipeline,
      effort,
      folder: folder.path,
      refit: this.#refits.status,
      answered: this.#totals.answered,
      outcomes: this.#totals.outcomes,
      model: live?.model.id,
    });
  }

  /** Stops fits, gives models back once the answers under way are given, and closes the store if it is the engine's own. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.closing.abort();
    await this.#refits.ended();
    await this.#turns.ended();
    this.#snapshot.uses.retire();
    this.#snapshot.generation.uses.retire();
    if (this.#parts.options.feedback === undefined) await this.#parts.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #check(signal?: AbortSignal): void {
    throwIfCancelled(signal, 'answering');
    if (this.#isClosed) throw new CancelledError('a call of the engine', new Error('the engine was closed'));
  }

  /** Answers from the state of now, which is kept until the answer is given. */
  async #with<T>({ signal }: CallOptions, use: (state: AnswerState) => Promise<T>): Promise<T> {
    this.#check(signal);
    const snapshot = this.#snapshot;
    const { pipeline, live } = this.#parts;
    const end = snapshot.use();
    try {
      return await use({ snapshot, feedback: this.#feedback, pipeline, live });
    } finally {
      end();
    }
  }
}
