import {
  type OutcomeCounter,
  type Query,
  type RetrieveOptions,
  type ScoredItem,
  yieldToEventLoop,
} from '@palate/core';
import { bestFirst } from '../best-first.js';
import { type P5Questions, readsUser } from './ask-p5.js';
import type { ItemSearch } from './item-search.js';
import type { Slots } from './tasks/slots.js';
import type { P5Template } from './templates/template.js';
import type { TextSource } from './text-row.js';

/** Queries whose candidates are asked about together. */
const BLOCK = 16;

/** A call of `P5.rank`. */
export interface DirectCall {
  readonly questions: P5Questions;
  readonly search: ItemSearch;
  readonly name: string;
  /** Asks about users who are known; none where the direct family was not trained. */
  readonly template: P5Template | undefined;
  readonly queries: readonly Query[];
  readonly candidates: readonly (readonly ScoredItem[])[];
  readonly counter: OutcomeCounter;
  readonly options: RetrieveOptions;
}

/** Scores candidates: by the chance of a yes, or by their rank among those that a choice names. */
export async function directScores(call: DirectCall): Promise<ScoredItem[][]> {
  const { candidates, template, options, name } = call;
  const lists: ScoredItem[][] = candidates.map((given) => given.map((each) => ({ ...each })));
  const asked = candidates.flatMap((given, q) => (given.length > 0 ? [q] : []));
  for (let from = 0; from < asked.length; from += BLOCK) {
    await yieldToEventLoop(options.signal, name);
    const block = asked.slice(from, from + BLOCK);
    const scored =
      template?.task === 'direct-choose'
        ? await chosen(call, template, block)
        : await yesChances(call, block);
    for (const [at, q] of block.entries()) if (scored[at]) lists[q] = scored[at] as ScoredItem[];
    options.onProgress?.({
      phase: `rank with ${name}`,
      done: Math.min(asked.length, from + BLOCK),
      total: asked.length,
    });
  }
  return lists;
}

/** The chance of a yes against that of a no, to a question about each candidate; nothing for queries that cannot be asked about. */
async function yesChances(call: DirectCall, block: readonly number[]): Promise<(ScoredItem[] | undefined)[]> {
  const { questions, queries, candidates, template, counter, options } = call;
  const { parts } = questions;
  const stranger = questions.trained('is-next', (each) => !readsUser(each));
  const sources: TextSource[] = [];
  const asked = block.map((q) => {
    const query = queries[q] as Query;
    const user = questions.userOf(query);
    const { history } = query;
    const ask = (slotsOf: (item: number) => Slots, by: P5Template): boolean => {
      let isCut = false;
      for (const { item } of candidates[q] as readonly ScoredItem[]) {
        const source = questions.source(by, slotsOf(item));
        isCut ||= Object.keys(source.cut).length > 0;
        sources.push(source);
      }
      if (isCut) counter.note('question cut to fit the input');
      return true;
    };
    if (template && user !== undefined)
      return ask(
        (item) => ({
          user,
          item: parts.itemNames.names[item] as string,
          title: parts.titles[item] as string,
        }),
        template,
      );
    if (stranger && history?.length) {
      const words = questions.newest(history);
      return ask((item) => ({ history: words, next: parts.itemNames.names[item] as string }), stranger);
    }
    counter.fallBack('neither a known user nor a history: order as given');
    return false;
  });
  const answers = ['yes', 'no'].map((answer) => questions.answer(answer)[0] as number);
  const scores = await parts.model.firstTokens(sources, answers, { signal: options.signal });
  let at = 0;
  return block.map((q, k) => {
    if (!asked[k]) return undefined;
    return (candidates[q] as readonly ScoredItem[]).map(({ item }) => {
      const odds = (scores[2 * at] as number) - (scores[2 * at + 1] as number);
      at++;
      return { item, score: 1 / (1 + Math.exp(-odds)) };
    });
  });
}

/** Scores by the answer to one question about all candidates: its beams first, what they do not name in the order given. */
async function chosen(
  call: DirectCall,
  template: P5Template,
  block: readonly number[],
): Promise<(ScoredItem[] | undefined)[]> {
  const { questions, search, queries, candidates, counter, options } = call;
  const { itemNames, items } = questions.parts;
  const asked = block.filter((q) => {
    const isKnown = questions.userOf(queries[q] as Query) !== undefined;
    if (!isKnown) counter.fallBack('unknown user: order as given');
    return isKnown;
  });
  const sources = asked.map((q) => {
    const best = bestFirst(candidates[q] as readonly ScoredItem[]);
    const source = questions.source(template, {
      user: questions.userOf(queries[q] as Query) as string,
      candidates: { words: best.map(({ item }) => itemNames.names[item] as string), keep: 'first' },
    });
    if (source.cut.candidates) counter.note('candidates cut to fit the input');
    return source;
  });
  const closed = asked.map((q) => {
    const open = new Set((candidates[q] as readonly ScoredItem[]).map(({ item }) => item));
    return Array.from({ length: items.size }, (_, item) => item).filter((item) => !open.has(item));
  });
  const found = sources.length === 0 ? [] : await search.among(sources, 1, closed, options);
  return block.map((q) => {
    const k = asked.indexOf(q);
    if (k < 0) return undefined;
    const named = found[k] as readonly ScoredItem[];
    const have = new Set(named.map(({ item }) => item));
    const floor = named.at(-1)?.score ?? 0;
    const rest = bestFirst(candidates[q] as readonly ScoredItem[]).filter(({ item }) => !have.has(item));
    return [...named, ...rest.map(({ item }, place) => ({ item, score: floor - 1 - place }))];
  });
}
