import {
  type Catalog,
  checkRanking,
  defineOptions,
  type GenerateRequest,
  joinProvenance,
  type LanguageModel,
  type OptionsOf,
  OutcomeCounter,
  type OutcomeCounts,
  option,
  type Provenance,
  type Query,
  RandomStream,
  type Ranker,
  type RetrieveOptions,
  readProvenance,
  type ScoredItem,
  type SettingsOf,
  sumOutcomes,
  UNKNOWN,
} from '@palate/core';
import { fuseLists } from '@palate/retrievers';
import { type FailureCause, failureCause } from '../failure-cause.js';
import { fillList, readOrder } from './answer-list.js';
import { askForRankings } from './ask-ranking.js';
import {
  PROMPT,
  type PromptParts,
  promptParts,
  RANKING_TEMPLATES,
  rankingMessages,
} from './ranking-prompt.js';
import { shownOrder } from './shown-order.js';

/** Knowledge of a user beside the history. */
export interface RankerKnowledge {
  /** Profile in words, from training history alone. */
  readonly profile?: (query: Query) => string | undefined;
  /** A sentence or two about an item. */
  readonly item?: (item: number) => string | undefined;
}

/** Options of {@link LlmRanker}, beside the model, the catalogue and what is known of users and items. */
export const LLM_RANKER = defineOptions(
  'LlmRanker',
  {
    ...PROMPT,
    order: option.choice(['shuffled', 'given'])({
      default: 'shuffled',
      doc: "order of the candidates: `'shuffled'` by the seed, so that their position carries no information; `'given'` in the retriever's order, which the model may copy",
    }),
    permutations: option.integer({ min: 1 })({
      default: 1,
      doc: 'number of differently shuffled prompts whose ranks are fused',
    }),
    explain: option.boolean()({ default: false, doc: 'whether to ask for a sentence on each item' }),
    listLength: option.integer({ min: 1 })({ default: 10, doc: 'length of the list to ask for' }),
    maxTokens: option.integer({ min: 1 }).optional({
      doc: 'most tokens of an answer; reasoning models need hundreds more. By the length of the list if left out',
    }),
    temperature: option.number({ min: 0 })({ default: 0, doc: '0 for the likeliest answer' }),
  },
  ['model', 'catalog', 'profile', 'item', 'knowledgeProvenance'],
);

/** Options of {@link LlmRanker}; {@link LLM_RANKER} says what each does. */
export type LlmRankerOptions = OptionsOf<typeof LLM_RANKER.declarations> &
  RankerKnowledge & {
    readonly model: LanguageModel;
    readonly catalog: Catalog;
    /** Knowledge of interactions in the texts of `profile` and `item`; evaluation refuses texts that do not say it. */
    readonly knowledgeProvenance?: Provenance | undefined;
  };

/** Options of a ranker with their defaults. */
type RankerSettings = Omit<LlmRankerOptions, keyof typeof LLM_RANKER.declarations | keyof PromptParts> &
  SettingsOf<typeof LLM_RANKER.declarations> &
  PromptParts;

/** Outcomes of a model's answers since the ranker was made. */
export interface RankerCounts {
  /** Requests that were answered, and those that failed and fell back to the retriever's order. */
  readonly answered: number;
  readonly failed: number;
  /** Entries of all answers; among them numbers that no candidate had, and repetitions. */
  readonly entries: number;
  readonly invented: number;
  readonly repeated: number;
  /** Entries of the lists, and how many of them were filled in by the retriever's order. */
  readonly listed: number;
  readonly filled: number;
}

/** A ranked item with the reason that the model gave. */
export interface ExplainedItem extends ScoredItem {
  readonly explanation?: string | undefined;
}

/**
 * PALR's ranker on any language model: reads profile, history and candidates, and answers with numbers of candidates. Its
 * prompts are those of `fineTuningLines`, so that a model tuned on them is served as it is.
 *
 * Candidates are shown in an order that the seed, the person and the set of candidates decide, whatever batch a query
 * stands in and however the retriever ordered them, so that caches of answers and prompts hit.
 *
 * Titles and numbered lists are understood too. Numbers that no candidate has and repetitions are dropped and counted;
 * lists are filled up in the retriever's order, which also replaces the whole list where a model fails. A model never breaks a
 * pipeline; what became of its answers is counted by cause (`outcomes`, `onOutcomes`).
 */
export class LlmRanker implements Ranker {
  readonly name: string;
  /** Knowledge of interactions in the fields of the catalogue that it shows, profiles and texts about items. */
  readonly provenance: Provenance;
  readonly #options: RankerSettings;
  #outcomes: OutcomeCounts;
  #counts = { answered: 0, failed: 0, entries: 0, invented: 0, repeated: 0, listed: 0, filled: 0 };

  /** @throws InvalidInputError for unknown options, or fewer examples than shots */
  constructor(options: LlmRankerOptions) {
    const settings = LLM_RANKER.settings(options);
    this.#options = { ...options, ...settings, ...promptParts(settings, options) };
    this.name = `PALR (${options.model.id})`;
    const { profile, item, knowledgeProvenance = UNKNOWN } = options;
    this.provenance = joinProvenance([
      options.catalog.provenanceOf(this.#options.fields),
      ...(profile || item ? [readProvenance(knowledgeProvenance)] : []),
    ]);
    this.#outcomes = new OutcomeCounter(this.name, 0).counts();
  }

  /** Outcomes of the answers so far. */
  get counts(): RankerCounts {
    return { ...this.#counts };
  }

  /**
   * Outcomes of the queries so far: how many got the retriever's order in whole, and every failure by cause, with an
   * example such as the server's own text. `onOutcomes` reports the same for one call.
   */
  get outcomes(): OutcomeCounts {
    return this.#outcomes;
  }

  rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    return this.#run(queries, candidates, k, options, this.#options.explain);
  }

  /** Like `rank`, with one sentence of the model on each item that it chose itself. */
  explain(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ExplainedItem[][]> {
    return this.#run(queries, candidates, k, options, true);
  }

  async #run(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions,
    explain: boolean,
  ): Promise<ExplainedItem[][]> {
    const { catalog, fields, order, permutations } = this.#options;
    checkRanking({ name: this.name, itemCount: catalog.items.size }, queries, candidates, k, options);
    const random = new RandomStream(options.seed ?? 0).fork('candidate order');
    const asked: { readonly query: number; readonly shown: readonly number[] }[] = [];
    for (const [query, given] of candidates.entries())
      for (let permutation = 0; permutation < permutations && given.length > 0; permutation++)
        asked.push({
          query,
          shown:
            order === 'given'
              ? given.map(({ item }) => item)
              : shownOrder(random, this.#shownQuery(queries[query] as Query), given, permutation),
        });
    const requests = asked.map(({ query, shown }) =>
      this.#request(
        queries[query] as Query,
        shown,
        Math.min(shown.length, Math.max(k, this.#options.listLength)),
        explain,
      ),
    );
    const outcomes = await askForRankings(
      this.#options.model,
      requests,
      explain ? 'explained' : this.#options.answer,
      (request) =>
        (asked[request] as (typeof asked)[number]).shown.map((item) =>
          catalog.itemText(item, fields.slice(0, 1)),
        ),
      { signal: options.signal, onProgress: options.onProgress },
    );
    const counter = new OutcomeCounter(this.name, new Set(asked.map(({ query }) => query)).size);
    const failures = candidates.map((): FailureCause[] => []);
    // Of each query, the orders of its answers, in positions of the given list, by which equal items stand.
    const orders = candidates.map((): { readonly item: number }[][] => []);
    const places = candidates.map((given) => new Map(given.map(({ item }, at) => [item, at])));
    const reasons = candidates.map(() => new Map<number, string>());
    for (const [a, { query, shown }] of asked.entries()) {
      const outcome = outcomes[a] as (typeof outcomes)[number];
      if (!outcome.ok) {
        this.#counts.failed++;
        failures[query]?.push(failureCause(outcome.error));
        continue;
      }
      const answer = outcome.value.ranking.map((entry) =>
        typeof entry === 'number' ? { number: entry, why: '' } : entry,
      );
      const { order: positions, counts } = readOrder(
        answer.map(({ number }) => number),
        shown.length,
      );
      this.#counts.answered++;
      this.#counts.entries += counts.answered;
      this.#counts.invented += counts.invented;
      this.#counts.repeated += counts.repeated;
      for (let n = 0; n < counts.invented; n++) counter.note('entry that is no candidate');
      for (let n = 0; n < counts.repeated; n++) counter.note('candidate named again');
      if (positions.length === 0)
        failures[query]?.push({ cause: 'no candidate in the answer', example: outcome.result.text });
      orders[query]?.push(
        positions.map((position) => ({ item: places[query]?.get(shown[position] as number) as number })),
      );
      for (const { number, why } of answer) {
        const item = shown[number - 1];
        if (item !== undefined && why) reasons[query]?.set(item, why);
      }
    }
    for (const [query, causes] of failures.entries())
      for (const [n, { cause, example }] of causes.entries())
        if (n === 0 && orders[query]?.every((order) => order.length === 0)) counter.fallBack(cause, example);
        else counter.note(cause, example);
    this.#outcomes = sumOutcomes([this.#outcomes, counter.counts()])[0] as OutcomeCounts;
    options.onOutcomes?.(counter.counts());
    return candidates.map((given, query) => {
      const ranked = fuseLists(orders[query] ?? []).map(({ item: at }) => (given[at] as ScoredItem).item);
      const { list, filled } = fillList(ranked, given, k);
      this.#counts.listed += list.length;
      this.#counts.filled += filled;
      return list.map((entry) => {
        const explanation = reasons[query]?.get(entry.item);
        return explanation === undefined ? entry : { ...entry, explanation };
      });
    });
  }

  /** The part of a query that the prompt shows: two who are shown alike are shown the same order. */
  #shownQuery(query: Query): Query {
    const taste = this.#options.profile?.(query);
    return {
      history: Array.from(query.history ?? []).slice(-this.#options.historyLength),
      text: JSON.stringify([taste ?? '', query.text ?? '']),
    };
  }

  #request(query: Query, shown: readonly number[], length: number, explain: boolean): GenerateRequest {
    const { profile, temperature, maxTokens, answer } = this.#options;
    const question = {
      profile: profile?.(query),
      request: query.text,
      history: query.history ?? [],
      candidates: shown,
    };
    return {
      messages: rankingMessages(question, length, this.#options, explain),
      temperature,
      maxTokens: maxTokens ?? (explain ? 120 + 60 * length : 60 + 8 * length),
      promptVersion: RANKING_TEMPLATES[explain ? 'explained' : answer],
    };
  }
}
