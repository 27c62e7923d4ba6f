import {
  defineOptions,
  foldedWords,
  InvalidInputError,
  type OptionsOf,
  option,
  PalateError,
  type TextEncoder,
} from '@palate/core';
import { cleanTags } from './clean-answers.js';

/** Options of {@link buildTagVocabulary}. */
export const TAG_VOCABULARY = defineOptions(
  'buildTagVocabulary',
  {
    encoder: option
      .value<TextEncoder>('a text encoder', (value) => typeof Object(value).encode === 'function')
      .required({ doc: 'encoder that finds tags with the same meaning' }),
    least: option.integer({ min: 1 })({
      default: 3,
      doc: 'least number of items, or answers, with the tag',
    }),
    same: option.number({ min: 0, max: 1 })({ default: 0.95, doc: 'cosine from which two tags are merged' }),
  },
  [],
);

/** Options of {@link buildTagVocabulary}; {@link TAG_VOCABULARY} says what each does. */
export type TagVocabularyOptions = OptionsOf<typeof TAG_VOCABULARY.declarations>;

/** Tags in use, the most frequent first, with their vectors. */
export interface TagVocabulary {
  readonly tags: readonly string[];
  /** Row-major, one unit vector a tag. */
  readonly vectors: Float32Array;
  readonly width: number;
  /** Answers that held no tags, by the code of the error. */
  readonly unread: Readonly<Record<string, number>>;
}

/**
 * TagGPT's vocabulary (Li et al. 2023): tags that a language model gave to items, brought to one form first, then kept
 * where they are frequent enough; of tags that mean the same by their vectors the most frequent stays.
 *
 * @param answers - the model's answers, tags separated by commas; any number an item. Those without tags (empty,
 *   refused) are left out and counted in `unread`
 * @throws InvalidInputError if no answer holds a tag
 */
export async function buildTagVocabulary(
  answers: readonly string[],
  options: TagVocabularyOptions,
): Promise<TagVocabulary> {
  const { encoder, least, same } = TAG_VOCABULARY.settings(options);
  const counts = new Map<string, number>();
  const unread: Record<string, number> = {};
  // An answer that writes one tag in two ways counts it once.
  for (const answer of answers)
    for (const tag of new Set(tagsOf(answer, unread).map(plainTag)))
      counts.set(tag, (counts.get(tag) ?? 0) + 1);
  if (answers.length > 0 && counts.size === 0)
    throw new InvalidInputError({
      expected: 'answers with tags',
      received: `${answers.length} without any (${Object.keys(unread).join(', ')})`,
      hint: 'Check the answers: the model gave no list of tags.',
    });
  const frequent = [...counts]
    .filter(([tag, count]) => tag !== '' && count >= least)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([tag]) => tag);
  const { data, width } = await encoder.encode(frequent);
  const kept: number[] = [];
  for (let k = 0; k < frequent.length; k++)
    if (!kept.some((other) => cosine(data, k, other, width) >= same)) kept.push(k);
  const vectors = new Float32Array(kept.length * width);
  for (const [row, k] of kept.entries()) vectors.set(data.subarray(k * width, (k + 1) * width), row * width);
  return { tags: kept.map((k) => frequent[k] as string), vectors, width, unread };
}

/** Tags of an answer; one without any is counted by its error's code. */
function tagsOf(answer: string, unread: Record<string, number>): readonly string[] {
  try {
    return cleanTags(answer).text.split(', ');
  } catch (error) {
    if (!PalateError.is(error)) throw error;
    unread[error.code] = (unread[error.code] ?? 0) + 1;
    return [];
  }
}

/**
 * TagGPT's generative tagger: tags that a model proposed for an item, replaced by the nearest of the vocabulary where
 * they are alike enough, dropped elsewhere.
 *
 * @param least - least cosine. Default 0.9
 */
export async function tagGeneratively(
  proposed: readonly string[],
  vocabulary: TagVocabulary,
  encoder: TextEncoder,
  least = 0.9,
): Promise<string[]> {
  const { data, width } = await encoder.encode(proposed.map(plainTag));
  const found = new Set<string>();
  for (let k = 0; k < proposed.length; k++) {
    const [best] = nearest(data.subarray(k * width, (k + 1) * width), vocabulary, 1);
    if (best && best.cosine >= least) found.add(best.tag);
  }
  return [...found];
}

/** Candidates for TagGPT's selective tagger, {@link tagSelectively}: the tags of the vocabulary nearest to an item's text. */
export async function candidateTags(
  text: string,
  vocabulary: TagVocabulary,
  encoder: TextEncoder,
  count = 10,
): Promise<string[]> {
  const { data } = await encoder.encode([text]);
  return nearest(data, vocabulary, count).map(({ tag }) => tag);
}

/** The one form of a tag: folded words. */
export function plainTag(tag: string): string {
  return foldedWords(tag).join(' ');
}

function cosine(data: Float32Array, a: number, b: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += data[a * width + k]! * data[b * width + k]!;
  return sum;
}

function nearest(
  vector: Float32Array,
  { tags, vectors, width }: TagVocabulary,
  count: number,
): { readonly tag: string; readonly cosine: number }[] {
  return tags
    .map((tag, row) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += vector[k]! * vectors[row * width + k]!;
      return { tag, cosine: sum };
    })
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, count);
}
