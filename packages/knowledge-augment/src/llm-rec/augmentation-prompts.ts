import { InvalidInputError, quoteForPrompt } from '@palate/core';
import type { CleanedAnswer, PromptTemplate } from '../store/prompt-template.js';

/** What an item prompt is made from. */
export interface ItemPromptInput {
  readonly description: string;
  /** Descriptions of important neighbours, for the engagement-guided prompts. */
  readonly neighbours?: readonly string[];
}

/** LLM-Rec's prompts: three basic ones, the same for recommending, and two guided by engagement. */
export type AugmentationKind =
  | 'paraphrase'
  | 'tag'
  | 'infer'
  | 'recommend-paraphrase'
  | 'recommend-tag'
  | 'recommend-infer'
  | 'engagement'
  | 'recommend-engagement';

const TASKS = {
  paraphrase: 'Say it again in other words.',
  tag: 'Sum it up as 3 to 8 tags, separated by commas.',
  infer: 'Describe it more fully, with what can be inferred about it, in two or three sentences.',
} as const;

const GOAL = 'The text is to help others decide whether this is for them. ';

function words(kind: AugmentationKind, input: ItemPromptInput): string {
  const goal = kind.startsWith('recommend-') ? GOAL : '';
  const base = kind.replace('recommend-', '') as keyof typeof TASKS | 'engagement';
  const description = quoteForPrompt(input.description);
  if (base === 'engagement')
    return `Item: ${description}\nPeople who meet it also meet:\n${(input.neighbours ?? [])
      .map((text) => `- ${quoteForPrompt(text)}`)
      .join(
        '\n',
      )}\n\n${goal}What does the item have in common with them? Answer in one or two sentences about the item.`;
  return `Item: ${description}\n\n${goal}${TASKS[base]}`;
}

/** The prompt of a kind, for the knowledge job. */
export function augmentationTemplate(kind: AugmentationKind): PromptTemplate<ItemPromptInput> {
  return {
    kind,
    entityType: 'item',
    version: '1',
    request: { maxTokens: 200, temperature: 0 },
    messages: (input) => [
      {
        role: 'system',
        content: 'You write item texts for a catalogue. Answer with the text alone.',
      },
      { role: 'user', content: words(kind, input) },
    ],
    clean: kind.endsWith('tag') ? cleanTags : (answer) => ({ text: cleanText(answer) }),
  };
}

/** Openings that models put before what was asked for. */
const PREAMBLE =
  /^(?:(?:sure|certainly|of course|absolutely|okay|ok|great)\b[^\n:.!]*[,.!:]*\s*)?(?:(?:here(?:'s| is| are)|below (?:is|are)|the following (?:is|are))\b[^\n:]*:\s*)?/i;

/**
 * The text of an answer without what surrounds it: preambles, code fences, quotes, closing offers.
 *
 * @throws InvalidInputError if nothing is left, or the model refused
 */
export function cleanText(answer: string): string {
  let text = answer
    .trim()
    .replace(/^```\w*\n?|\n?```$/g, '')
    .trim();
  text = text.replace(PREAMBLE, '').trim();
  text = text.replace(/\n+(?:let me know|i hope|feel free|would you like)[^\n]*$/i, '').trim();
  text = text
    .replace(/^["“](.*)["”]$/s, '$1')
    .replace(/\s*\n+\s*/g, ' ')
    .trim();
  if (text === '' || /^(?:i(?:'m| am) (?:sorry|unable)|i can(?:'t|not)|as an ai)\b/i.test(text))
    throw new InvalidInputError({
      expected: 'a text about the item',
      received: JSON.stringify(answer.slice(0, 80)),
      hint: 'Ask again, or ask another model.',
    });
  return text;
}

/** Tags of an answer: separated by commas or lines, without bullets, numbers and case; each once. */
export function cleanTags(answer: string): CleanedAnswer {
  const list = answer
    .trim()
    .replace(/^```\w*\n?|\n?```$/g, '')
    .replace(PREAMBLE, '')
    .replace(/^tags?:\s*/i, '');
  const tags = [
    ...new Set(
      list
        .split(/[,;\n]/)
        .map((tag) => tag.replace(/^\s*(?:[-*•#]+\s*|\d+[.)]\s+)?["“]?|[\s."”]+$/g, '').toLowerCase())
        .filter((tag) => tag !== '' && tag.length <= 50),
    ),
  ];
  if (tags.length === 0)
    throw new InvalidInputError({
      expected: 'tags separated by commas',
      received: JSON.stringify(answer.slice(0, 80)),
      hint: 'Ask again, or ask another model.',
    });
  return { text: tags.join(', '), facts: { tags } };
}
