import {
  type Catalog,
  type ChatMessage,
  InvalidInputError,
  type OptionsOf,
  option,
  quoteForPrompt,
  type SettingsOf,
} from '@palate/core';
import { structureSchema, withSchemaInstruction } from '@palate/llm';
import { z } from 'zod';
import { descriptiveFields } from '../descriptive-fields.js';
import { withInstruction } from '../with-instruction.js';
import { titleMatcher } from './match-titles.js';

/**
 * Versions of the templates of each task: part of every cache key, and what an export says that it was made by. A model
 * that was tuned on lines of a version is asked by the same version.
 */
export const RANKING_TEMPLATES = {
  /** Candidates to be ranked, answered as JSON. */
  json: 'palr-rank@1',
  /** Candidates to be ranked, answered by their numbers and nothing else. */
  numbers: 'palr-rank-numbers@1',
  /** Candidates to be ranked with a sentence on each, answered as JSON. */
  explained: 'palr-rank-explain@1',
  /** Prompt for what comes next, without candidates; answered by titles. */
  recommend: 'palr-recommend@2',
} as const;

/** Form of an answered ranking. */
export const RANKING = z.object({
  ranking: z.array(z.number()).describe('numbers of candidates, the best first'),
});

/** Form of an answered ranking with reasons. */
export const EXPLAINED = z.object({
  ranking: z
    .array(z.object({ number: z.number(), why: z.string() }))
    .describe('candidates, the best first, each with one sentence on why it suits this person'),
});

/** A person, and candidates in the order in which they are shown. */
export interface RankingQuestion {
  /** Likes in words. */
  readonly profile?: string | undefined;
  /** Wish of the person, in words. */
  readonly request?: string | undefined;
  /** Dense items, oldest first. */
  readonly history: ArrayLike<number>;
  readonly candidates: readonly number[];
}

/** Another person with the right answer, from training data alone. */
export interface RankingExample extends RankingQuestion {
  /** Those of the candidates that came next, in order. */
  readonly labels: readonly number[];
}

/** Options of the templates, which the live ranker and the export for fine-tuning share. */
export const PROMPT = {
  fields: option.list(option.text()).optional({
    doc: 'catalogue fields that name an item; if left out, title and genres if they exist',
  }),
  historyLength: option.integer({ min: 1 })({
    default: 20,
    doc: 'number of newest items of a history shown, at most',
  }),
  answer: option.choice(['json', 'numbers'])({
    default: 'json',
    doc: "form of the answer: `'json'`, with its schema; `'numbers'`, which costs fewer tokens and suits a model tuned on such lines",
  }),
  systemRole: option.boolean()({
    default: true,
    doc: 'false to put the instruction at the start of the first message, for models tuned without a system role',
  }),
  examples: option.value<readonly RankingExample[]>('a list of examples', Array.isArray).optional({
    doc: 'examples of other users with the correct answers, from training data; the first `shots` are shown',
  }),
  shots: option.integer({ min: 0 })({ default: 0, doc: 'examples shown before the question' }),
} as const;

/** Options of the templates; {@link PROMPT} says what each does. */
export type PromptOptions = OptionsOf<typeof PROMPT>;

/** Everything that a template reads beside the question. */
export interface PromptParts extends SettingsOf<typeof PROMPT> {
  readonly catalog: Catalog;
  readonly fields: readonly string[];
  /** A sentence or two about an item. */
  readonly item?: ((item: number) => string | undefined) | undefined;
}

const RANK = 'You rank candidates for one person. Choose by number, from the list only, each at most once.';
const RECOMMEND = 'You recommend items to people by their history.';

/**
 * Puts together what templates read beside the question.
 *
 * @throws InvalidInputError for fewer examples than are to be shown
 */
export function promptParts(
  settings: SettingsOf<typeof PROMPT>,
  { catalog, item }: Pick<PromptParts, 'catalog' | 'item'>,
): PromptParts {
  const { examples = [], shots, fields = descriptiveFields(catalog) } = settings;
  if (examples.length < shots)
    throw new InvalidInputError({
      expected: `examples for ${shots} shots`,
      received: String(examples.length),
      hint: 'Pass examples of other users, made with instructionData from the training data, or leave shots out.',
    });
  return { ...settings, fields, catalog, item };
}

/**
 * The question for a ranking, as every model is asked it: live, in lines for fine-tuning, and in examples.
 *
 * @param length - candidates asked for
 * @param explain - whether a sentence on each is asked for
 */
export function rankingMessages(
  question: RankingQuestion,
  length: number,
  parts: PromptParts,
  explain = false,
): ChatMessage[] {
  const { examples = [], shots } = parts;
  const turns = explain ? [] : examples.slice(0, shots);
  return withInstruction(RANK, parts.systemRole, [
    ...turns.flatMap((example): ChatMessage[] => [
      { role: 'user', content: rankingWords(example, example.labels.length, parts, false) },
      { role: 'assistant', content: rankingAnswer(example, parts.answer) },
    ]),
    { role: 'user', content: rankingWords(question, length, parts, explain) },
  ]);
}

/** The right answer in the form that a ranking is answered in. */
export function rankingAnswer(
  { candidates, labels }: Pick<RankingExample, 'candidates' | 'labels'>,
  answer: PromptParts['answer'],
): string {
  const numbers = labels.map((item) => {
    const at = candidates.indexOf(item);
    if (at >= 0) return at + 1;
    throw new InvalidInputError({
      expected: 'labels among the candidates',
      received: `item ${item}, which is not`,
      hint: 'Make examples with instructionData, for the task recommend-retrieval.',
    });
  });
  return answer === 'json' ? JSON.stringify({ ranking: numbers }) : numbers.join(', ');
}

/**
 * Messages as they reach a model: with the words on the schema that providers add where the answer is JSON. Lines for
 * fine-tuning are made of these, so that a tuned model is later asked what it was tuned on.
 */
export function wordedRanking(
  messages: readonly ChatMessage[],
  answer: PromptParts['answer'],
): readonly ChatMessage[] {
  if (answer === 'numbers') return messages;
  return withSchemaInstruction({
    messages,
    schema: { name: 'ranking', jsonSchema: structureSchema(RANKING) },
  }).messages;
}

/** The question for what comes next, without candidates. */
export function recommendMessages(
  { profile, request, history }: Omit<RankingQuestion, 'candidates'>,
  length: number,
  parts: PromptParts,
): ChatMessage[] {
  return withInstruction(RECOMMEND, parts.systemRole, [
    {
      role: 'user',
      content: [
        ...personWords({ profile, request, history }, parts),
        `Recommend ${length === 1 ? 'what comes' : `the ${length} items that come`} next. Answer with one title a line, the best first.`,
      ].join('\n\n'),
    },
  ]);
}

/** The right answer to {@link recommendMessages}: one title a line. */
export function recommendAnswer(labels: readonly number[], { catalog, fields }: PromptParts): string {
  return labels.map((item) => quoteForPrompt(catalog.itemText(item, fields.slice(0, 1)))).join('\n');
}

/**
 * Reads an answer of titles into items of the catalogue, each at most once; what names none is left out.
 *
 * @returns dense items, best first, and how many lines named no item
 */
export function readRecommendations(
  answer: string,
  {
    catalog,
    fields = descriptiveFields(catalog),
  }: Pick<PromptParts, 'catalog'> & Pick<PromptOptions, 'fields'>,
): { readonly items: number[]; readonly unknown: number } {
  const named = fields.slice(0, 1);
  const matcher = titleMatcher(Array.from(catalog.items, (_, item) => catalog.itemText(item, named)));
  const items = new Set<number>();
  let unknown = 0;
  for (const line of answer.split('\n').filter((each) => each.trim() !== '')) {
    const item = matcher.match(line);
    if (item === undefined) unknown++;
    else items.add(item);
  }
  return { items: [...items], unknown };
}

function personWords(
  { profile, request, history }: Omit<RankingQuestion, 'candidates'>,
  parts: PromptParts,
): string[] {
  const shown = Array.from(history).slice(-parts.historyLength);
  return [
    ...(profile ? [`What this person likes: ${quoteForPrompt(profile)}`] : []),
    ...(request ? [`What this person asks for: ${quoteForPrompt(request)}`] : []),
    ...(shown.length > 0
      ? [`History, oldest first:\n${shown.map((item) => `- ${nameOf(item, parts)}`).join('\n')}`]
      : []),
  ];
}

function nameOf(item: number, { catalog, fields }: PromptParts): string {
  return quoteForPrompt(catalog.itemText(item, fields));
}

function rankingWords(
  { candidates, ...person }: RankingQuestion,
  length: number,
  parts: PromptParts,
  explain: boolean,
): string {
  const ending = explain
    ? ', by their numbers. Give one sentence for each that ties it to the history, the taste or the request above; say nothing that is not written there.'
    : parts.answer === 'json'
      ? ', by their numbers.'
      : '. Answer with their numbers, the best first, separated by commas, and nothing else.';
  return [
    ...personWords(person, parts),
    `Candidates:\n${candidates
      .map((item, k) => {
        const words = parts.item?.(item);
        return `${k + 1}. ${nameOf(item, parts)}${words ? `: ${quoteForPrompt(words)}` : ''}`;
      })
      .join('\n')}`,
    `Rank the ${length} candidates that this person would like best next${ending}`,
  ].join('\n\n');
}
