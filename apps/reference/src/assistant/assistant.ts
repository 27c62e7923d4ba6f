import type { Catalog, Dataset, OutcomeCounts, Query, ScoredItem } from '@palate/core';
import { explainFromKnowledge, LlmRanker } from '@palate/llm-rank';
import type { FilmKnowledge } from './film-knowledge.js';
import type { LiveModel } from './live-model.js';
import type { AssistantModels } from './models.js';

import { isRuledOut, preferenceWords } from './preference-words.js';

/** Who asks, and for what. */
export interface AssistantRequest {
  readonly user?: string | undefined;
  /** Dense items, oldest first. */
  readonly history: ArrayLike<number>;
  /** Text that the user typed. */
  readonly profile?: string | undefined;
}

/** A recommended film with the reason and where the reason comes from. */
export interface AssistantItem {
  readonly item: number;
  readonly explanation: string;
  readonly explanationSource: string;
}

/** An answer with the origin of each of its parts. */
export interface AssistantAnswer {
  readonly keywords: readonly string[];
  readonly candidates: readonly ScoredItem[];
  readonly items: readonly AssistantItem[];
  /** Where profile, candidates, order and explanations come from. */
  readonly sources: Readonly<Record<'profile' | 'candidates' | 'order' | 'explanations', string>>;
}

/** Causes with their counts and an example of each, such as what the server said. */
function causesInWords({ causes, examples }: OutcomeCounts): string {
  return Object.entries(causes)
    .map(([cause, count]) => {
      const example = examples?.[cause]?.replace(/\s+/g, ' ').trim();
      return `${cause}${count > 1 ? ` (${count} times)` : ''}${example ? `: ${example}` : ''}`;
    })
    .join('; ');
}

/** Candidates that go to the ranker. */
const CANDIDATES = 50;
/** Constant of reciprocal rank fusion. */
const FUSION = 60;

/** Retrieves, ranks and explains: by models of this machine, or with a live language model as the ranker. */
export class Assistant {
  readonly #dataset: Dataset;
  readonly #knowledge: FilmKnowledge;
  readonly #models: AssistantModels;
  readonly #live: LiveModel | undefined;

  constructor(dataset: Dataset, knowledge: FilmKnowledge, models: AssistantModels, live?: LiveModel) {
    this.#dataset = dataset;
    this.#knowledge = knowledge;
    this.#models = models;
    this.#live = live;
  }

  get #catalog(): Catalog {
    return this.#dataset.catalog;
  }

  /** The `k` films for a request, each with a reason. */
  async recommend(request: AssistantRequest, k: number, signal: AbortSignal): Promise<AssistantAnswer> {
    const { user, history, profile } = request;
    const typed = profile === undefined ? undefined : preferenceWords(profile);
    const recorded = user === undefined ? undefined : this.#knowledge.profiles.get(user);
    const keywords = typed
      ? typed.likes.split(/\s*[,;.]\s*/).filter((word) => word !== '')
      : (recorded ?? []);
    const query: Query = {
      user,
      history,
      ...(typed ? { text: typed.likes } : {}),
    };
    const { candidates, source } = await this.#candidates(query, typed?.dislikes ?? [], signal);
    const ranked = await this.#rank(query, keywords, candidates, k, signal);
    return {
      keywords,
      candidates,
      items: ranked.items,
      sources: {
        profile: typed
          ? `what was typed${typed.dislikes.length > 0 ? `; ruled out: ${typed.dislikes.join(', ')}` : ''}`
          : recorded
            ? 'recorded with the data set, written by a language model from the early history'
            : 'none',
        candidates: source,
        order: ranked.order,
        explanations: ranked.explanations,
      },
    };
  }

  async #candidates(
    query: Query,
    dislikes: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly candidates: readonly ScoredItem[]; readonly source: string }> {
    const { sasrec, texts, words } = this.#models;
    const exclude =
      dislikes.length === 0
        ? []
        : Array.from({ length: this.#dataset.log.items.size }, (_, item) => item).filter((item) =>
            isRuledOut(this.#describe(item), dislikes),
          );
    const asked = { ...query, exclude };
    const hasHistory = (query.history?.length ?? 0) > 0;
    const fromHistory = hasHistory ? ((await sasrec.retrieve([asked], CANDIDATES, { signal }))[0] ?? []) : [];
    const lists = hasHistory ? [fromHistory] : [];
    if (query.text) {
      const request = { text: query.text, history: query.history ?? [], exclude };
      for (const retriever of [texts, words])
        lists.push((await retriever.retrieve([request], CANDIDATES, { signal }))[0] ?? []);
    }
    const bySource = [
      ...(hasHistory ? ['SASRec on the history, trained here on the bundled ratings'] : []),
      ...(query.text ? ['use-lite and BM25 on the words, over recorded knowledge and tags'] : []),
    ].join('; ');
    if (lists.length === 1) return { candidates: lists[0] ?? [], source: bySource };
    const scores = new Map<number, number>();
    for (const list of lists)
      for (const [rank, { item }] of list.entries())
        scores.set(item, (scores.get(item) ?? 0) + 1 / (FUSION + rank + 1));
    const candidates = [...scores]
      .map(([item, score]) => ({ item, score }))
      .sort((a, b) => b.score - a.score || a.item - b.item)
      .slice(0, CANDIDATES);
    return { candidates, source: `${bySource}; ranks fused` };
  }

  async #rank(
    query: Query,
    keywords: readonly string[],
    candidates: readonly ScoredItem[],
    k: number,
    signal: AbortSignal,
  ): Promise<{ readonly items: AssistantItem[]; readonly order: string; readonly explanations: string }> {
    const recorded = 'built from recorded knowledge, tags and genres; no language model was asked';
    if (this.#live) {
      const { model } = this.#live;
      const before = this.#live.asked();
      const ranker = new LlmRanker({
        model,
        catalog: this.#catalog,
        profile: () => keywords.join(', ') || undefined,
        item: (item) => (this.#knowledge.tags[item] ?? []).join(', ') || undefined,
      });
      const [list = []] = await ranker.explain([query], [candidates.slice(0, 30)], k, { signal });
      const { outcomes } = ranker;
      const asked = this.#live.asked() - before;
      const times =
        asked === 0
          ? 'answered from the cache'
          : `asked ${['never', 'once', 'twice'][asked] ?? `${asked} times`}`;
      const refused = this.#live
        .leftOut()
        .map(({ parameter, because }) => `without ${parameter}, which the server refused: ${because}`);
      const causes = [causesInWords(outcomes), ...refused].filter((part) => part !== '').join('; ');
      const failed = outcomes.fellBack > 0;
      return {
        items: list.map(({ item, explanation }) =>
          explanation === undefined
            ? this.#explain(query, keywords, item)
            : { item, explanation, explanationSource: 'language model' },
        ),
        order: failed
          ? `the retriever's: ${model.id} gave no order (${times}): ${causes}`
          : `${model.id}, live, by number among 30 shuffled candidates (${times})${causes === '' ? '' : `; ${causes}`}`,
        explanations: failed ? recorded : `${model.id}, live, from history, profile and tags`,
      };
    }
    const hasHistory = (query.history?.length ?? 0) > 0;
    const { ranker, orderWeight } = this.#models;
    const list = hasHistory
      ? ((await ranker.rank([query], [candidates], k, { orderWeight, signal }))[0] ?? [])
      : candidates.slice(0, k);
    return {
      items: list.map(({ item }) => this.#explain(query, keywords, item)),
      order: hasHistory
        ? 'PALR’s local ranker, a T5 tuned here, beside the retriever’s scores'
        : 'the retrievers’: the local ranker needs a history, and no live model is set',
      explanations: recorded,
    };
  }

  #describe(item: number): string[] {
    return [
      this.#catalog.itemText(item, ['genres']),
      this.#knowledge.text[item] ?? '',
      ...(this.#knowledge.tags[item] ?? []),
    ];
  }

  #explain(query: Query, keywords: readonly string[], item: number): AssistantItem {
    const genres = (each: number): readonly string[] => {
      const value = this.#catalog.attributes.genres?.[each];
      return Array.isArray(value) ? value : [];
    };
    const tags = (each: number): string[] => [...(this.#knowledge.tags[each] ?? []), ...genres(each)];
    const knowledge = this.#knowledge.text[item];
    const { text, source } = explainFromKnowledge({
      keywords,
      tags: tags(item),
      history: Array.from(query.history ?? [], (each) => ({
        title: this.#catalog.itemText(each, ['title']),
        tags: tags(each),
      })).slice(-20),
      knowledge,
    });
    return { item, explanation: text, explanationSource: source };
  }
}
