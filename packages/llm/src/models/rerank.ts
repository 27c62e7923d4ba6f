import {
  type Catalog,
  checkRanking,
  defineOptions,
  joinProvenance,
  type OptionsOf,
  OutcomeCounter,
  type OutcomeCounts,
  option,
  PalateError,
  type Provenance,
  type Query,
  type Ranker,
  type RetrieveOptions,
  readProvenance,
  type ScoredItem,
  type SettingsOf,
  sumOutcomes,
  throwIfCancelled,
  UNKNOWN,
} from '@palate/core';
import { RETRY_OPTION, retrier } from '../middleware/retry.js';
import { badBody, jsonBody } from './chat-format.js';
import { OPENAI_CONNECTION, OpenAIConnection } from './openai-connection.js';
import { RERANK_FORMS, readRelevance, rerankBody } from './rerank-forms.js';

/** Options of {@link rerankRanker}, beside the catalogue and what is known of persons and items. */
export const RERANK = defineOptions(
  'rerankRanker',
  {
    model: option.text(1).required({ doc: "the reranker's name at the server, such as `rerank-v3.5`" }),
    form: option.choice(RERANK_FORMS)({
      default: 'documents',
      doc: "form of requests and answers: `'documents'` of Cohere, Jina, vLLM, llama.cpp and Infinity; `'texts'` of Text Embeddings Inference",
    }),
    path: option.text(1)({
      default: '/rerank',
      doc: 'path of the endpoint after `baseURL`, which ends in /v1 or /v2 if the server expects it',
    }),
    fields: option.list(option.text()).optional({
      doc: 'catalogue fields that describe an item; all text fields, then all attributes, if left out',
    }),
    historyLength: option.integer({ min: 1 })({
      default: 10,
      doc: 'number of newest items of a history in the question, at most',
    }),
    batchSize: option.integer({ min: 1 })({
      default: 100,
      doc: 'documents per request; Text Embeddings Inference takes 32 unless configured otherwise',
    }),
    maxCharacters: option.integer({ min: 1 })({
      default: 4000,
      doc: 'characters after which a document or a question is cut; cuts are counted',
    }),
    retry: RETRY_OPTION,
    ...OPENAI_CONNECTION.declarations,
  },
  ['catalog', 'profile', 'item', 'knowledgeProvenance'],
);

/** Options of {@link rerankRanker}; {@link RERANK} says what each does. */
export type RerankOptions = OptionsOf<typeof RERANK.declarations> & {
  readonly catalog: Catalog;
  /** Likes of a person in words, from training history alone. */
  readonly profile?: ((query: Query) => string | undefined) | undefined;
  /** A sentence or two about an item, put after its fields. */
  readonly item?: ((item: number) => string | undefined) | undefined;
  /** Knowledge of interactions in the texts of `profile` and `item`; evaluation refuses texts that do not say it. */
  readonly knowledgeProvenance?: Provenance | undefined;
};

/** A ranker behind a rerank endpoint. */
export interface RerankRanker extends Ranker {
  /** Outcomes of the queries so far: failures by cause, with the server's own text. */
  readonly outcomes: OutcomeCounts;
}

/**
 * Makes a ranker of a rerank endpoint, as Cohere, Jina, vLLM, llama.cpp, Infinity and Text Embeddings Inference have it:
 * a cross-encoder that scores each candidate's text against the person's request, profile and newest items.
 *
 * A failing server breaks no pipeline: the list keeps the retriever's order, and what happened is counted by cause
 * (`outcomes`, `onOutcomes`). A candidate that the server gave no score for follows the others in the retriever's order.
 *
 * @throws InvalidInputError for unknown options, or no key for OpenAI's own address
 */
export function rerankRanker(options: RerankOptions): RerankRanker {
  const settings = RERANK.settings(options);
  const {
    model,
    form,
    path,
    batchSize,
    retry,
    fields: _,
    historyLength: __,
    maxCharacters: ___,
    ...where
  } = settings;
  const { catalog, profile, item, knowledgeProvenance = UNKNOWN } = options;
  const name = `rerank (${model})`;
  const fields = settings.fields ?? catalog.fields;
  const words = rerankWords(settings, fields, options);
  const connection = new OpenAIConnection(where);
  const again = retrier(retry);
  let total = new OutcomeCounter(name, 0).counts();

  const relevance = async (
    query: string,
    documents: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<(number | undefined)[]> => {
    const scores: (number | undefined)[] = [];
    for (let from = 0; from < documents.length; from += batchSize) {
      const some = documents.slice(from, from + batchSize);
      const ask = (either: AbortSignal): Promise<(number | undefined)[]> =>
        connection.call('a reranking', either, async (client, inner) => {
          const body = jsonBody(
            await client.post(path, { body: rerankBody(form, model, query, some), signal: inner }),
          );
          const read = readRelevance(form, body, some.length);
          if (!read) throw badBody(body, connection, 'a reranking', form === 'texts' ? 'a list' : 'results');
          return read;
        });
      scores.push(...(await again(signal, ask)));
    }
    return scores;
  };

  return {
    name,
    provenance: joinProvenance([
      catalog.provenanceOf(fields),
      ...(profile || item ? [readProvenance(knowledgeProvenance)] : []),
    ]),
    get outcomes() {
      return total;
    },
    async rank(queries, candidates, k, call: RetrieveOptions = {}) {
      checkRanking({ name, itemCount: catalog.items.size }, queries, candidates, k, call);
      const asked = candidates.map((given) => given.length > 0);
      const counter = new OutcomeCounter(name, asked.filter(Boolean).length);
      let done = 0;
      const lists = await Promise.all(
        candidates.map(async (given, q): Promise<ScoredItem[]> => {
          if (given.length === 0) return [];
          const question = words.question(queries[q] as Query);
          const documents = given.map((each) => words.document(each.item));
          for (const { isCut } of [question, ...documents]) if (isCut) counter.note('text cut');
          let scores: (number | undefined)[] | undefined;
          if (question.text === '') counter.fallBack('nothing to ask by', 'no request, profile or history');
          else
            try {
              scores = await relevance(
                question.text,
                documents.map(({ text }) => text),
                call.signal,
              );
            } catch (error) {
              throwIfCancelled(call.signal, name);
              if (!PalateError.is(error)) throw error;
              counter.fallBack(error.code, error.message);
            }
          const missing = scores?.filter((score) => score === undefined).length ?? 0;
          for (let n = 0; n < missing; n++) counter.note('candidate without a score');
          call.onProgress?.({ phase: name, done: ++done, total: counter.counts().asked });
          return ordered(given, scores).slice(0, k);
        }),
      );
      total = sumOutcomes([total, counter.counts()])[0] as OutcomeCounts;
      call.onOutcomes?.(counter.counts());
      return lists;
    },
  };
}

/** Candidates by falling relevance; those without follow as they were given, below the lowest. */
function ordered(
  given: readonly ScoredItem[],
  scores: readonly (number | undefined)[] | undefined,
): ScoredItem[] {
  if (!scores) return given.map(({ item }, at) => ({ item, score: given.length - at }));
  const scored = given.flatMap(({ item }, at) => {
    const score = scores[at];
    return score === undefined ? [] : [{ item, score }];
  });
  scored.sort((a, b) => b.score - a.score);
  const lowest = scored.at(-1)?.score ?? 0;
  const rest = given.filter((_, at) => scores[at] === undefined);
  return [...scored, ...rest.map(({ item }, at) => ({ item, score: lowest - 1 - at }))];
}

/** Puts questions and documents into words, cut to their longest. */
function rerankWords(
  { historyLength, maxCharacters }: SettingsOf<typeof RERANK.declarations>,
  fields: readonly string[],
  { catalog, profile, item: about }: RerankOptions,
): {
  readonly question: (query: Query) => CutText;
  readonly document: (item: number) => CutText;
} {
  const joined = (parts: readonly (string | undefined)[]): CutText => {
    const text = parts.filter((part) => part !== undefined && part !== '').join('. ');
    return { text: text.slice(0, maxCharacters), isCut: text.length > maxCharacters };
  };
  return {
    question: (query) => {
      const history = Array.from(query.history ?? []).slice(-historyLength);
      const liked = history.map((item) => catalog.itemText(item, fields.slice(0, 1)));
      return joined([
        query.text,
        profile?.(query),
        liked.length > 0 ? `Liked: ${liked.join('; ')}` : undefined,
      ]);
    },
    document: (item) => joined([catalog.itemText(item, fields), about?.(item)]),
  };
}

interface CutText {
  readonly text: string;
  readonly isCut: boolean;
}
