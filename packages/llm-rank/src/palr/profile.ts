import {
  checkNumber,
  checkOptions,
  type Dataset,
  fingerprint,
  InvalidInputError,
  joinProvenance,
  madeFrom,
  quoteForPrompt,
} from '@palate/core';
import type { CleanedAnswer, KnowledgeInput, PromptTemplate } from '@palate/knowledge-augment';
import { answerText, readList, UnusableAnswerError, unusableText } from '@palate/llm';
import { descriptiveFields } from '../descriptive-fields.js';

/** Facts that a profile is written from. */
export interface ProfileInput {
  /** Titles with genres, oldest first. */
  readonly history: readonly string[];
  /** Best rating of the scale, where there are ratings. */
  readonly scale?: number | undefined;
  readonly ratings?: readonly number[] | undefined;
}

/** Options of {@link profileInputs}. */
export interface ProfileInputOptions {
  /** Catalogue fields that name an item. Default title and genres, as far as there are such. */
  readonly fields?: readonly string[] | undefined;
  /** Most items shown, the newest. Default 20. */
  readonly length?: number | undefined;
}

/**
 * The question that turns a history into a short profile in words (PALR, section 3.1): keywords of the topics and
 * moods that the user likes. For the knowledge job, which stores the answers.
 */
export const profileTemplate: PromptTemplate<ProfileInput> = {
  kind: 'profile',
  entityType: 'user',
  version: '1',
  request: { maxTokens: 120, temperature: 0 },
  messages: ({ history, ratings, scale }) => [
    {
      role: 'system',
      content:
        'You sum up the taste of a person in keywords. Use only what the list shows, and name no title of it.',
    },
    {
      role: 'user',
      content: `Watched or used, oldest first${scale === undefined ? '' : `, with ratings out of ${scale}`}:\n${history
        .map(
          (title, k) => `- ${quoteForPrompt(title)}${ratings?.[k] === undefined ? '' : ` (${ratings[k]})`}`,
        )
        .join('\n')}\n\nAnswer with 3 to 8 keywords or short phrases, separated by commas, and nothing else.`,
    },
  ],
  clean: cleanProfile,
};

/** Longest keyword or phrase, in characters: what is longer is a sentence. */
const LONGEST = 60;

/** Takes an answer apart into keywords: without reasoning, labels, bullets and case. */
function cleanProfile(answer: string): CleanedAnswer {
  const said = answerText(answer).text;
  const code = unusableText(said);
  if (code !== undefined && (code !== 'empty-answer' || /\p{L}/u.test(said)))
    throw new UnusableAnswerError(code, answer);
  const keywords = readList(said)
    .map((word) => word.toLowerCase())
    .filter((word) => /[\p{L}\p{N}]/u.test(word) && word.length <= LONGEST);
  if (keywords.length === 0)
    throw new InvalidInputError({
      expected: 'keywords separated by commas',
      received: JSON.stringify(answer.slice(0, 80)),
      hint: 'Ask a model that follows the instruction.',
    });
  return { text: keywords.join(', '), facts: { keywords } };
}

/**
 * Inputs of the profile question for every user of a training set: what comes later is not in it, and is not shown.
 */
export function profileInputs(
  dataset: Dataset,
  options: ProfileInputOptions = {},
): KnowledgeInput<ProfileInput>[] {
  checkOptions('profileInputs', options, ['fields', 'length']);
  const length = checkNumber('length', options.length ?? 20, { min: 1, integer: true });
  const { log, catalog } = dataset;
  const fields = options.fields ?? descriptiveFields(catalog);
  const { offsets, row } = log.byUser();
  const seen = fingerprint(log);
  const described = catalog.provenanceOf(fields);
  return [...log.users].flatMap((entity, user) => {
    const to = offsets[user + 1] as number;
    const from = Math.max(offsets[user] as number, to - length);
    const rows = Array.from(row.subarray(from, to));
    if (rows.length === 0) return [];
    const until = log.timestamp[rows.at(-1) as number] as number;
    const timed = log.timeUnit === 'seconds' ? { until } : {};
    return [
      {
        entity,
        input: {
          history: rows.map((r) => catalog.itemText(log.item[r] as number, fields)),
          ratings: log.rating ? rows.map((r) => log.rating?.[r] as number) : undefined,
        },
        knowsUntil: log.timeUnit === 'seconds' ? until : undefined,
        provenance: joinProvenance([
          madeFrom({ users: { [entity]: { n: to - (offsets[user] as number), ...timed } }, log: seen }),
          described,
        ]),
      },
    ];
  });
}
