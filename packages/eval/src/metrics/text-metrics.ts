import { checkNumber, defineOptions, InvalidInputError, type OptionsOf, option, wordsOf } from '@palate/core';

/** Cuts a text into the words that are compared. */
export type TextWords = (text: string) => readonly string[];

/** Options of the text metrics. */
export const TEXT_METRIC = defineOptions(
  'a text metric',
  {
    words: option.function<TextWords>()({
      default: wordsOf,
      defaultText: '`wordsOf` of `@palate/core`',
      doc: 'cuts a text into words; the default folds case, accents and punctuation away',
    }),
  },
  [],
);

/** Options of the text metrics; {@link TEXT_METRIC} says what each does. */
export type TextMetricOptions = OptionsOf<typeof TEXT_METRIC.declarations>;

const SEPARATOR = '\u0000';

/** How often each sequence of `n` words is there. */
function grams(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let k = 0; k + n <= words.length; k++) {
    const gram = words.slice(k, k + n).join(SEPARATOR);
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** How many sequences two texts share, each as often as in both. */
function shared(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [gram, count] of a) sum += Math.min(count, b.get(gram) ?? 0);
  return sum;
}

function pairsOf(
  candidates: readonly string[],
  references: readonly string[],
  words: TextWords,
): [readonly string[], readonly string[]][] {
  if (candidates.length !== references.length || candidates.length === 0)
    throw new InvalidInputError({
      expected: 'as many texts as references, at least one',
      received: `${candidates.length} and ${references.length}`,
      hint: 'Give one reference for each text, in the same order.',
    });
  return candidates.map((text, k) => [words(text), words(references[k] as string)]);
}

/** Options of {@link bleu}. */
export const BLEU = defineOptions(
  'bleu',
  {
    ...TEXT_METRIC.declarations,
    order: option.integer({ min: 1 })({ default: 4, doc: 'longest sequence of words' }),
  },
  [],
);

/** Options of {@link bleu}; {@link BLEU} says what each does. */
export type BleuOptions = OptionsOf<typeof BLEU.declarations>;

/**
 * BLEU of texts against one reference each, over the whole corpus and without smoothing (Papineni et al. 2002): the geometric
 * mean of the clipped precisions of sequences of 1 to `order` words, times the brevity penalty. Between 0 and 1.
 *
 * Texts shorter than a sequence have none of that length; nltk counts one of them, which lowers its figure.
 *
 * @throws InvalidInputError if the lists differ in length or are empty
 */
export function bleu(
  candidates: readonly string[],
  references: readonly string[],
  options: BleuOptions = {},
): number {
  const { order, words } = BLEU.settings(options);
  const pairs = pairsOf(candidates, references, words);
  const lengthOf = (side: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[side].length, 0);
  let logSum = 0;
  for (let n = 1; n <= order; n++) {
    let hits = 0;
    let total = 0;
    for (const [candidate, reference] of pairs) {
      hits += shared(grams(candidate, n), grams(reference, n));
      total += Math.max(0, candidate.length - n + 1);
    }
    if (hits === 0) return 0;
    logSum += Math.log(hits / total) / order;
  }
  const brevity = Math.min(0, 1 - lengthOf(1) / lengthOf(0));
  return Math.exp(brevity + logSum);
}

/** Precision, recall and F1, means over the texts. */
export interface RougeScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

function scoresOf(
  pairs: readonly [readonly string[], readonly string[]][],
  matches: (candidate: readonly string[], reference: readonly string[]) => readonly [number, number, number],
): RougeScores {
  let [precision, recall, f1] = [0, 0, 0];
  for (const [candidate, reference] of pairs) {
    const [hits, said, wanted] = matches(candidate, reference);
    const [p, r] = [said === 0 ? 0 : hits / said, wanted === 0 ? 0 : hits / wanted];
    precision += p / pairs.length;
    recall += r / pairs.length;
    f1 += p + r === 0 ? 0 : (2 * p * r) / (p + r) / pairs.length;
  }
  return { precision, recall, f1 };
}

/** Length of the longest common subsequence of two lists of words. */
function commonSubsequence(a: readonly string[], b: readonly string[]): number {
  let before = new Int32Array(b.length + 1);
  for (const word of a) {
    const row = new Int32Array(b.length + 1);
    for (let k = 0; k < b.length; k++)
      row[k + 1] =
        word === b[k] ? (before[k] as number) + 1 : Math.max(before[k + 1] as number, row[k] as number);
    before = row;
  }
  return before[b.length] as number;
}

/**
 * ROUGE-1, ROUGE-2 and ROUGE-L of texts against one reference each (Lin 2004), without stemming: means over the texts.
 *
 * @throws InvalidInputError if the lists differ in length or are empty
 */
export function rouge(
  candidates: readonly string[],
  references: readonly string[],
  options: TextMetricOptions = {},
): { readonly rouge1: RougeScores; readonly rouge2: RougeScores; readonly rougeL: RougeScores } {
  const pairs = pairsOf(candidates, references, TEXT_METRIC.settings(options).words);
  const ofOrder = (n: number): RougeScores =>
    scoresOf(pairs, (candidate, reference) => [
      shared(grams(candidate, n), grams(reference, n)),
      Math.max(0, candidate.length - n + 1),
      Math.max(0, reference.length - n + 1),
    ]);
  return {
    rouge1: ofOrder(1),
    rouge2: ofOrder(2),
    rougeL: scoresOf(pairs, (candidate, reference) => [
      commonSubsequence(candidate, reference),
      candidate.length,
      reference.length,
    ]),
  };
}

/**
 * Share of the sequences of `n` words that are different ones, over all texts together (distinct-n; Li et al. 2016): low where
 * texts repeat themselves. 0 where there is no such sequence.
 *
 * @throws InvalidInputError if `n` is no whole number of at least 1
 */
export function distinctGrams(texts: readonly string[], n: number, options: TextMetricOptions = {}): number {
  checkNumber('n', n, { min: 1, integer: true });
  const { words } = TEXT_METRIC.settings(options);
  const different = new Set<string>();
  let total = 0;
  for (const text of texts)
    for (const [gram, count] of grams(words(text), n)) {
      different.add(gram);
      total += count;
    }
  return total === 0 ? 0 : different.size / total;
}

/**
 * Share of given features (aspects such as "battery" or "plot twist") that some text speaks of (feature coverage ratio; Li et al.
 * 2020).
 *
 * @throws InvalidInputError for features without any word, or none
 */
export function featureCoverage(
  texts: readonly string[],
  features: Iterable<string>,
  options: TextMetricOptions = {},
): number {
  const { words } = TEXT_METRIC.settings(options);
  const wanted = new Map<string, number>();
  for (const feature of features) {
    const list = words(feature);
    if (list.length === 0)
      throw new InvalidInputError({
        expected: 'features with at least one word',
        received: JSON.stringify(feature),
        hint: 'Leave the feature out.',
      });
    wanted.set(list.join(SEPARATOR), list.length);
  }
  if (wanted.size === 0)
    throw new InvalidInputError({
      expected: 'at least one feature',
      received: 'none',
      hint: 'Give the aspects that texts may mention.',
    });
  const lengths = new Set(wanted.values());
  const found = new Set<string>();
  for (const text of texts) {
    const list = words(text);
    for (const n of lengths) for (const gram of grams(list, n).keys()) if (wanted.has(gram)) found.add(gram);
  }
  return found.size / wanted.size;
}
