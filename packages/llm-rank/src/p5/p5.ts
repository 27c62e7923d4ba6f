import {
  checkOptions,
  checkRanking,
  checkRetrieval,
  type Dataset,
  type Disposable,
  type Favourites,
  type IdMap,
  type LongCallOptions,
  OutcomeCounter,
  type Provenance,
  type Query,
  type Ranker,
  type RetrieveOptions,
  type Retriever,
  type Saveable,
  type ScoredItem,
  topK,
  UnsupportedError,
  unavailableItems,
  yieldToEventLoop,
} from '@palate/core';
import type { EpochReport } from '@palate/nn';
import { bestFirst } from '../best-first.js';
import type { RatingPredictor } from '../rating/rating-rows.js';
import { P5Questions, readsUser } from './ask-p5.js';
import type { CutSlot } from './cut-counter.js';
import { directScores } from './direct-scores.js';
import { fitP5 } from './fit-p5.js';
import { filledUp, ItemSearch } from './item-search.js';
import type { P5Options } from './p5-options.js';
import type { P5Parts } from './p5-parts.js';
import type {
  P5Asking,
  P5ExplanationRequest,
  P5FreeSearch,
  P5ReviewRequest,
  P5WritingOptions,
} from './p5-types.js';
import { P5Ratings, ratingTemplate } from './rating-answers.js';
import { loadP5, saveP5 } from './saved-p5.js';
import type { Slots } from './tasks/slots.js';
import type { P5Template } from './templates/template.js';
import { P5Writing } from './writing.js';

/** Queries that are searched together. */
const BLOCK = 64;

/**
 * P5 (Geng et al. 2022): one text-to-text model for five families of tasks. Users and items are words; ratings, histories,
 * explanations, reviews and direct recommendation are questions with answers, trained together. It finds items by a history
 * (`retrieve`), ranks given ones (`rank`), predicts ratings (`ratings`), and writes explanations and headlines of reviews.
 *
 * @example
 * ```ts
 * const p5 = await P5.fit(dataset, { epochs: 1, width: 16, layers: 1, draws: { 'choose-next': 0 } });
 * const [list] = await p5.retrieve([{ user: 'u1', history: dataset.log.history(0) }], 10);
 * ```
 */
export class P5 implements Retriever, Ranker, Saveable, Disposable {
  readonly name: string;
  readonly items: IdMap;
  /** Users who have a name; others are served by questions that name none. */
  readonly users: IdMap;
  readonly favourites: Favourites;
  readonly fittedOn: readonly string[];
  /** Knowledge of interactions in texts, titles and names beside the training data. */
  readonly provenance: Provenance | undefined;
  /** Loss of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Counts of what did not fit into the inputs of the training, by slot; none after loading. */
  readonly trainingCut: Readonly<Record<string, CutSlot>>;
  readonly #parts: P5Parts;
  readonly #questions: P5Questions;
  readonly #search: ItemSearch;
  readonly #writing: P5Writing;
  readonly #asking: P5Asking;

  private constructor(
    questions: P5Questions,
    search: ItemSearch,
    asking: P5Asking,
    told: Pick<P5, 'history' | 'trainingCut'>,
  ) {
    const { parts } = questions;
    this.#parts = parts;
    this.#questions = questions;
    this.#search = search;
    this.#writing = new P5Writing(questions);
    this.#asking = asking;
    this.items = parts.items;
    this.users = parts.users;
    this.favourites = parts.favourites;
    this.fittedOn = parts.fittedOn;
    this.provenance = parts.provenance;
    this.history = told.history;
    this.trainingCut = told.trainingCut;
    this.name = nameOf(parts, asking);
  }

  /**
   * Trains on the interactions of a data set and the texts of the options.
   *
   * @throws InvalidInputError for unknown options, templates that no task can fill, families without data, or data without rows
   * @throws LeakError for a text of a pair of user and item that is not in the training data
   * @throws CancelledError if `signal` fires; a checkpoint is written first where they are kept
   */
  static async fit(dataset: Dataset, options: P5Options = {}): Promise<P5> {
    const { parts, history, cut } = await fitP5(dataset, options);
    return new P5(new P5Questions(parts), new ItemSearch(parts), {}, { history, trainingCut: cut });
  }

  /**
   * The same model asked by other templates, held-out ones among them. It shares the weights: dispose one of both.
   *
   * @throws InvalidInputError for a number that there is not
   * @throws UnsupportedError for a template of another task
   */
  asking(asking: P5Asking): P5 {
    checkOptions('asking', asking, ['next', 'direct', 'rating', 'explanation']);
    const asked = new P5(this.#questions, this.#search, { ...this.#asking, ...asking }, this);
    if (asking.next !== undefined) this.#questions.template(asking.next, ['next']);
    if (asking.direct !== undefined)
      this.#questions.template(asking.direct, ['direct-yes-no', 'direct-choose']);
    if (asking.rating !== undefined) ratingTemplate(this.#questions, asking.rating);
    if (asking.explanation !== undefined) this.#questions.template(asking.explanation, ['explanation']);
    return asked;
  }

  /** How many questions had words left out since the model was made, by slot: `history`, `candidates`, `review`. */
  get cut(): Readonly<Record<string, CutSlot>> {
    return this.#questions.texts.left.counts();
  }

  /** How many numbers the model has. */
  get parameterCount(): number {
    return this.#parts.model.parameterCount;
  }

  /** Template and slots of a query for the next item; undefined where it gives nothing to go by. */
  #nextQuestion(query: Query): { readonly template: P5Template; readonly slots: Slots } | undefined {
    const { history } = query;
    if (!history?.length) return undefined;
    const user = this.#questions.userOf(query);
    const slots = { history: this.#questions.newest(history) };
    const wanted =
      this.#asking.next === undefined
        ? this.#questions.trained('next', readsUser)
        : this.#questions.template(this.#asking.next, ['next']);
    if (user !== undefined && wanted) return { template: wanted, slots: { ...slots, user } };
    const plain =
      wanted && !readsUser(wanted)
        ? wanted
        : this.#questions.trained('next', (template) => !readsUser(template));
    return plain && { template: plain, slots };
  }

  /**
   * The next items of histories: names written by beam search in the tree of all items that are available. A user that is not
   * known is asked about by a template that names none.
   *
   * @throws UnsupportedError if the sequential family was not trained
   */
  async retrieve(
    queries: readonly Query[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    const counter = new OutcomeCounter(this.name, queries.length);
    const lists = await this.#lists(queries, k, options, counter, async (sources, exclude) =>
      this.#search.among(sources, k, exclude, options),
    );
    options.onOutcomes?.(counter.counts());
    return lists;
  }

  /**
   * The same search without bounds, as the paper has it: what no item is called is left out and counted, as are items that are not
   * available. Lists are filled up by the general favourites.
   */
  async retrieveFreely(
    queries: readonly Query[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<P5FreeSearch> {
    const counter = new OutcomeCounter(this.name, queries.length);
    let [invalid, written] = [0, 0];
    const lists = await this.#lists(queries, k, options, counter, async (sources) => {
      const found = await this.#search.freely(sources, k, options);
      for (const each of found) {
        invalid += each.invalid;
        written += each.written;
      }
      return found.map(({ items }) => items);
    });
    options.onOutcomes?.(counter.counts());
    return { lists, invalidShare: written === 0 ? 0 : invalid / written };
  }

  async #lists(
    queries: readonly Query[],
    k: number,
    options: RetrieveOptions,
    counter: OutcomeCounter,
    search: (
      sources: readonly ReturnType<P5Questions['source']>[],
      exclude: readonly (readonly number[])[],
    ) => Promise<readonly (readonly ScoredItem[])[]>,
  ): Promise<ScoredItem[][]> {
    const n = this.items.size;
    checkRetrieval({ name: this.name, itemCount: n }, queries, k, options);
    if (!this.#parts.tasks.includes('next'))
      throw new UnsupportedError({
        expected: 'a P5 that was trained on the next items of histories',
        received: `one trained on ${this.#parts.tasks.join(', ')}`,
        hint: "Fit with the family 'sequential'.",
      });
    const { scores } = this.favourites;
    const lists: ScoredItem[][] = [];
    for (let from = 0; from < queries.length; from += BLOCK) {
      await yieldToEventLoop(options.signal, this.name);
      const block = queries.slice(from, from + BLOCK).map((query) => {
        const unavailable = unavailableItems(query, n, options);
        const question = this.#nextQuestion(query);
        return {
          unavailable,
          isOpen: unavailable.includes(0),
          source: question && this.#questions.source(question.template, question.slots),
        };
      });
      const asked = block.filter(({ source, isOpen }) => source && isOpen);
      const found = await search(
        asked.map(({ source }) => source as ReturnType<P5Questions['source']>),
        asked.map(({ unavailable }) =>
          Array.from(unavailable.keys()).filter((item) => unavailable[item] === 1),
        ),
      );
      for (const each of block) {
        const at = asked.indexOf(each);
        if (at < 0) {
          if (!each.source) counter.fallBack('no history: general favourites');
          lists.push(topK(scores, k, each.unavailable));
          continue;
        }
        for (const slot of Object.keys(each.source?.cut ?? {})) counter.note(`${slot} cut to fit the input`);
        const own = (found[at] as readonly ScoredItem[]).filter(({ item }) => !each.unavailable[item]);
        const list = filledUp(own, k, each.unavailable, scores);
        if (list.length > own.length) counter.note('list filled up by general favourites');
        lists.push(list);
      }
      options.onProgress?.({
        phase: `retrieve with ${this.name}`,
        done: lists.length,
        total: queries.length,
      });
    }
    return lists;
  }

  /**
   * Orders candidates by how likely a user is to want them: by the yes of a question about each, or, with a template that chooses,
   * by their position in the answer to one question about all. Users that are not known are asked about by their history;
   * without one the candidates stay as they were given, and that is counted.
   *
   * @throws InvalidInputError for item indexes out of range, an item twice in a list, or scores that are not finite
   * @throws UnsupportedError if neither the direct family was trained nor, for users who are not known, the sequential one
   */
  async rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    checkRanking({ name: this.name, itemCount: this.items.size }, queries, candidates, k, options);
    const counter = new OutcomeCounter(this.name, queries.length);
    const template =
      this.#asking.direct === undefined
        ? this.#questions.trained('direct-yes-no', readsUser)
        : this.#questions.template(this.#asking.direct, ['direct-yes-no', 'direct-choose']);
    const lists = await directScores({
      questions: this.#questions,
      search: this.#search,
      name: this.name,
      template,
      queries,
      candidates,
      counter,
      options,
    });
    options.onOutcomes?.(counter.counts());
    return lists.map((list) => bestFirst(list).slice(0, k));
  }

  /**
   * Predicts ratings by writing them.
   *
   * @throws UnsupportedError if ratings were not trained
   */
  ratings(): RatingPredictor {
    const template = ratingTemplate(this.#questions, this.#asking.rating);
    return new P5Ratings(this.#questions, template, this.name);
  }

  /**
   * Writes a sentence on why a user has or likes an item; with a rating or a feature word if the template reads them.
   *
   * @throws InvalidInputError for a user or an item that is not known
   * @throws UnsupportedError if explanations were not trained
   */
  explain(requests: readonly P5ExplanationRequest[], options: P5WritingOptions = {}): Promise<string[]> {
    return this.#writing.explain(requests, this.#asking.explanation, options);
  }

  /**
   * Writes headlines of reviews.
   *
   * @throws UnsupportedError if reviews with headlines were not trained
   */
  summarise(reviews: readonly P5ReviewRequest[], options: P5WritingOptions = {}): Promise<string[]> {
    return this.#writing.askReviews(reviews, 'summary', options);
  }

  /**
   * Reads the rating out of reviews, as the model writes it; NaN where that is no number.
   *
   * @throws UnsupportedError if reviews were not trained
   */
  rateReviews(reviews: readonly P5ReviewRequest[], options: LongCallOptions = {}): Promise<Float32Array> {
    return this.#writing.rateReviews(reviews, options);
  }

  /**
   * Answers filled questions of any template in words: those held out, and those that name items of another domain by title.
   *
   * @param slots - of each question: words as in the texts
   */
  ask(id: string, slots: readonly Slots[], options: P5WritingOptions = {}): Promise<string[]> {
    return this.#writing.ask(id, slots, options);
  }

  /** How a user is called in texts, for {@link ask}. */
  userName(user: string): string {
    return this.#writing.userName(user);
  }

  save(dir: string): Promise<void> {
    return saveP5(this.#parts, dir);
  }

  /**
   * @throws ArtifactError if the folder is missing, foreign or damaged
   * @throws MissingDependencyError if its vocabulary needs a library that is not installed
   */
  static async load(dir: string): Promise<P5> {
    const parts = await loadP5(dir);
    return new P5(new P5Questions(parts), new ItemSearch(parts), {}, { history: [], trainingCut: {} });
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#parts.model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Says what tells this P5 from another: how items are called, and by which templates it is asked. */
function nameOf({ settings }: P5Parts, asking: P5Asking): string {
  const { itemIds } = settings;
  const about = [
    itemIds === 'random' ? [] : [itemIds === 'sequential' ? 'sequential numbering, leaks' : `${itemIds} ids`],
    Object.values(asking).filter((id) => id !== undefined),
  ].flat();
  return about.length === 0 ? 'P5' : `P5 (${about.join('; ')})`;
}
