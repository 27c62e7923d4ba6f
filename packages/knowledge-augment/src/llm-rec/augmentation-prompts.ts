import { quoteForPrompt, WORLD } from '@palate/core';
import type { PromptTemplate } from '../store/prompt-template.js';
import { cleanTags, cleanText } from './clean-answers.js';

/** Input of an item prompt. */
export interface ItemPromptInput {
  readonly description: string;
  /** Descriptions of important neighbours, for the engagement-guided prompts. */
  readonly neighbours?: readonly string[] | undefined;
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
    // Neighbours come from interactions: engagementInputs says from which.
    ...(kind.endsWith('engagement') ? {} : { provenance: WORLD }),
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
