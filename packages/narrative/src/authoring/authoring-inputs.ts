import {
  type Dataset,
  defineOptions,
  InvalidInputError,
  madeFrom,
  type OptionsOf,
  option,
  RandomStream,
} from '@palate/core';
import type { KnowledgeInput } from '@palate/knowledge-augment';
import { estimateTokens } from '@palate/llm';
import type { AuthoringInput } from './authoring-template.js';
import { DEMONSTRATIONS, type Demonstration } from './demonstrations.js';
import { itemLine } from './item-line.js';
import type { Author } from './select-authors.js';
import { sentencesOf, wordCount } from './sentences.js';

/** Options of {@link authoringInputs}. */
export const AUTHORING = defineOptions('authoringInputs', {
  itemsPerUser: option.integer({ min: 1 })({ default: 10, doc: 'most items to write a request from' }),
  mostTokens: option.integer({ min: 1 })({
    default: 200,
    doc: 'most tokens of the list of items and sentences; a longer one is halved until it fits',
  }),
  leastWords: option.integer({ min: 1 })({
    default: 5,
    doc: 'least words of an item’s sentence',
  }),
  mostWords: option.integer({ min: 1 })({ default: 20, doc: 'most words of that sentence' }),
  title: option.text()({ default: 'title', doc: 'catalogue field that names an item' }),
  seed: option.integer({ min: 0 })({
    default: 0,
    doc: 'seed of the items, sentences and the order of the demonstrations',
  }),
});

/** Options of {@link authoringInputs}; {@link AUTHORING} says what each does. */
export type AuthoringInputsOptions = OptionsOf<typeof AUTHORING.declarations> & {
  /** Texts about each item by dense index: knowledge, reviews or descriptions. One of their sentences is shown. */
  readonly texts: readonly (string | readonly string[])[];
  /** Demonstrations that every prompt shows. Default: those of films. */
  readonly demonstrations?: readonly Demonstration[] | undefined;
  /** Counts the tokens of a text. Default: an estimate from its bytes. */
  readonly countTokens?: ((text: string) => number) | undefined;
};

/**
 * Inputs of the authoring prompt: for each author up to ten liked items with one sentence each, drawn by the seed, as a
 * list within a bound of tokens, and the demonstrations in an order of their own.
 *
 * @throws InvalidInputError if there are no texts for the items, or an author is one of the demonstrations
 */
export function authoringInputs(
  dataset: Dataset,
  authors: readonly Author[],
  options: AuthoringInputsOptions,
): KnowledgeInput<AuthoringInput>[] {
  const { texts, demonstrations = DEMONSTRATIONS.films, countTokens = estimateTokens, ...declared } = options;
  const { itemsPerUser, mostTokens, leastWords, mostWords, title, seed } = AUTHORING.settings(declared);
  const { log, catalog } = dataset;
  if (texts.length !== log.items.size)
    throw new InvalidInputError({
      expected: `texts of ${log.items.size} items`,
      received: String(texts.length),
      hint: "Give one entry per item, '' for none.",
    });
  const shown = new Set(demonstrations.flatMap(({ user }) => (user === undefined ? [] : [user])));
  const aligned = catalog.align(log.items);
  return authors.map(({ user, items, n, until }) => {
    const entity = log.users.idOf(user);
    if (shown.has(entity))
      throw new InvalidInputError({
        expected: 'users without a request among the demonstrations',
        received: JSON.stringify(entity),
        hint: 'Leave them out: selectAuthors(log, { without }).',
      });
    const random = new RandomStream(seed).fork(`author ${entity}`);
    const drawn = random.fork('items').shuffle(items.slice()).subarray(0, itemsPerUser);
    let lines = Array.from(drawn, (item) => ({
      item: log.items.idOf(item),
      title: aligned.itemText(item, [title]),
      sentence: sentenceOf(
        texts[item] as string | readonly string[],
        random.fork(`item ${item}`),
        leastWords,
        mostWords,
      ),
    }));
    // Halved as long as it is too long; what one item says is shown whatever its length.
    while (lines.length > 1 && countTokens(lines.map(itemLine).join('\n')) > mostTokens)
      lines = lines.slice(0, Math.ceil(lines.length / 2));
    return {
      entity,
      input: { items: lines, demonstrations: random.fork('demonstrations').shuffle([...demonstrations]) },
      knowsUntil: log.timeUnit === 'seconds' ? until : undefined,
      provenance: madeFrom({
        users: { [entity]: { n, until: log.timeUnit === 'seconds' ? until : undefined } },
      }),
    };
  });
}

/** One sentence of the wanted length; a longer one cut at its bound where none has it; '' where there is no text. */
function sentenceOf(
  texts: string | readonly string[],
  random: RandomStream,
  least: number,
  most: number,
): string {
  const all = (typeof texts === 'string' ? [texts] : texts).flatMap(sentencesOf);
  const fitting = all.filter((sentence) => {
    const words = wordCount(sentence);
    return words >= least && words <= most;
  });
  if (fitting.length > 0) return fitting[random.integer(fitting.length)] as string;
  const long = all.find((sentence) => wordCount(sentence) > most) ?? all[0] ?? '';
  const words = long.split(/\s+/);
  return words.length > most ? `${words.slice(0, most).join(' ')} …` : long;
}
