import {
  type Dataset,
  type InteractionLog,
  type LongCallOptions,
  type Provenance,
  WORLD,
  withLog,
  wordsOf,
} from '@palate/core';
import { loadBundledMovieTweetings, loadItemKnowledge } from '@palate/dataset-movietweetings';
import { keepFirst, leaveOneOut, type Split } from '@palate/datasets';
import type { P5Explanation, P5Review } from '@palate/llm-rank';
import { loadFolderDataset, readFolderLines } from '../prepare.js';

/** Data of a P5 study, split; texts of training and of the test apart. */
export interface P5Data {
  readonly train: Dataset;
  readonly split: Split;
  readonly reviews: readonly P5Review[];
  readonly explanations: readonly P5Explanation[];
  /** Texts of the test interactions themselves, to compare written ones with. */
  readonly references: readonly P5Explanation[];
  /** Knowledge of interactions in the explanations; that of the training data where they are reviews of it. */
  readonly textProvenance: Provenance | undefined;
}

const pairKey = (user: string, item: string): string => JSON.stringify([user, item]);

/** Pairs of a log by external ids. */
function pairsOf(log: InteractionLog): Set<string> {
  return new Set(
    Array.from(log.user, (user, row) =>
      pairKey(log.users.idOf(user), log.items.idOf(log.item[row] as number)),
    ),
  );
}

/** Words too common to be what a sentence is about. */
const COMMON = new Set(
  'about after again also always amazon another anything around away back because been before being best better bought came card cards come could does doesn didn done down each easy even ever every everyone everything first from gave gets getting gift gifts give given going good great have having here into item items just know like liked little live look love loved made make many more most much need needed needs never nice once only other over perfect pleased product purchase purchased really received recommend right same sent should some something still such sure than thank thanks that their them then there these they thing think this those time times took used using very want wanted week were what when where which while will wish with without work works worked would year years your'.split(
    ' ',
  ),
);
/** Reviews that speak of a word, at least, for it to be a feature. */
const LEAST = 8;
const SENTENCE = { least: 3, most: 20 } as const;

/**
 * Sentences of reviews that speak of a feature: the first of a review with 3 to 20 words and one of the words that at least eight
 * training reviews share. A plain stand-in for the phrases that the paper takes out of reviews by a sentiment tool.
 */
function minedExplanations(training: readonly P5Review[], reviews: readonly P5Review[]): P5Explanation[] {
  const counts = new Map<string, number>();
  for (const { text } of training)
    for (const word of new Set(wordsOf(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const isFeature = (word: string): boolean =>
    word.length >= 4 && !COMMON.has(word) && (counts.get(word) ?? 0) >= LEAST;
  return reviews.flatMap(({ user, item, text }) => {
    for (const sentence of text.split(/(?<=[.!?])\s+|\n+/u)) {
      const words = wordsOf(sentence);
      const feature = words.find(isFeature);
      if (feature !== undefined && words.length >= SENTENCE.least && words.length <= SENTENCE.most)
        return [{ user, item, text: words.join(' '), feature }];
    }
    return [];
  });
}

/** Gift Cards 2018: real reviews, the first of a pair. */
export async function giftCards(call: LongCallOptions): Promise<P5Data> {
  const dataset = await loadFolderDataset('giftcards', call);
  const whole = withLog(dataset, keepFirst(dataset.log));
  const split = leaveOneOut(whole.log);
  const seen = new Set<string>();
  const all = (await readFolderLines('amazon-giftcards-2018', 'Gift_Cards_5.json')).flatMap((record) => {
    const [user, item] = [String(record.reviewerID), String(record.asin)];
    const text = String(record.reviewText ?? '');
    const key = pairKey(user, item);
    if (!/\S/u.test(text) || seen.has(key)) return [];
    seen.add(key);
    return [{ user, item, text, summary: String(record.summary ?? '') } satisfies P5Review];
  });
  const of = (log: InteractionLog): P5Review[] => {
    const pairs = pairsOf(log);
    return all.filter(({ user, item }) => pairs.has(pairKey(user, item)));
  };
  const reviews = of(split.train);
  return {
    train: withLog(whole, split.train),
    split,
    reviews,
    explanations: minedExplanations(reviews, reviews),
    references: minedExplanations(reviews, of(split.test)),
    textProvenance: undefined,
  };
}

/** MovieTweetings: explanations are the first sentence of what a language model knows of a film. */
export async function movieTweetings(call: LongCallOptions): Promise<P5Data> {
  const dataset = await loadBundledMovieTweetings({ core: 5, ...call });
  const split = leaveOneOut(dataset.log);
  const knowledge = new Map(
    (await loadItemKnowledge()).map(({ item, text }) => [item, text.split(/(?<=[.!?])\s+/u)[0] ?? '']),
  );
  const of = (log: InteractionLog): P5Explanation[] =>
    Array.from(log.user, (user, row) => {
      const item = log.items.idOf(log.item[row] as number);
      return { user: log.users.idOf(user), item, text: wordsOf(knowledge.get(item) ?? '').join(' ') };
    }).filter(({ text }) => text !== '');
  return {
    train: withLog(dataset, split.train),
    split,
    reviews: [],
    explanations: of(split.train),
    references: of(split.test),
    textProvenance: WORLD,
  };
}

/** Beauty 2014: sequences alone. */
export async function beauty(call: LongCallOptions): Promise<P5Data> {
  const dataset = await loadFolderDataset('beauty', call);
  const split = leaveOneOut(dataset.log);
  return {
    train: withLog(dataset, split.train),
    split,
    reviews: [],
    explanations: [],
    references: [],
    textProvenance: undefined,
  };
}
