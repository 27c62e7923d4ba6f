import { type Catalog, type ChatMessage, defineOptions } from '@palate/core';
import type { InstructionSample } from './instruction-data.js';
import {
  checkExamples,
  PROMPT,
  type PromptOptions,
  type PromptParts,
  RANKING_TEMPLATES,
  rankingAnswer,
  rankingMessages,
  recommendAnswer,
  recommendMessages,
  wordedRanking,
} from './ranking-prompt.js';

/** Options of {@link instructionMessages}, {@link fineTuningLines} and {@link promptCompletions}, beside the catalogue. */
export const INSTRUCTION_TEXT = defineOptions('instructionMessages', PROMPT, ['catalog', 'profile', 'item']);

/** How samples are put into words; {@link INSTRUCTION_TEXT} says what each option does. */
export interface InstructionTextOptions extends PromptOptions {
  readonly catalog: Catalog;
  /** Profile of a user in words, where there is one. */
  readonly profile?: ((user: number) => string | undefined) | undefined;
  /** A sentence or two about an item. */
  readonly item?: ((item: number) => string | undefined) | undefined;
}

/** A sample in words. */
interface InstructionText {
  /** Version of the template, as `LlmRanker` asks by it. */
  readonly template: string;
  /** Messages as they reach a model. */
  readonly question: readonly ChatMessage[];
  readonly answer: string;
}

function inWords(sample: InstructionSample, options: InstructionTextOptions): InstructionText {
  const { catalog, item, profile } = options;
  const parts: PromptParts = { ...INSTRUCTION_TEXT.settings(options), catalog, item };
  checkExamples(parts);
  const { history, candidates, labels } = sample;
  const person = { profile: profile?.(sample.user), history };
  if (sample.task === 'recommend')
    return {
      template: RANKING_TEMPLATES.recommend,
      question: recommendMessages(person, labels.length, parts),
      answer: recommendAnswer(labels, parts),
    };
  return {
    template: RANKING_TEMPLATES[parts.answer],
    question: wordedRanking(rankingMessages({ ...person, candidates }, labels.length, parts), parts.answer),
    answer: rankingAnswer({ candidates, labels }, parts.answer),
  };
}

/**
 * A sample as a conversation that ends with the answer: the very messages that `LlmRanker` asks with the same options, so
 * that a model tuned on them is served as it is.
 *
 * @throws InvalidInputError for unknown options, or fewer examples than shots
 */
export function instructionMessages(
  sample: InstructionSample,
  options: InstructionTextOptions,
): ChatMessage[] {
  const { question, answer } = inWords(sample, options);
  return [...question, { role: 'assistant', content: answer }];
}

/** Lines of an OpenAI fine-tuning file: one conversation a sample. */
export function fineTuningLines(
  samples: readonly InstructionSample[],
  options: InstructionTextOptions,
): string[] {
  return samples.map((sample) => JSON.stringify({ messages: instructionMessages(sample, options) }));
}

/** A prompt with the text that should follow. */
export interface PromptCompletion {
  readonly prompt: string;
  readonly completion: string;
}

/** Samples as prompt and completion, for trainers that take plain text. */
export function promptCompletions(
  samples: readonly InstructionSample[],
  options: InstructionTextOptions,
): PromptCompletion[] {
  return samples.map((sample) => {
    const { question, answer } = inWords(sample, options);
    return {
      prompt: `${question.map(({ content }) => content).join('\n\n')}\n\n`,
      completion: answer,
    };
  });
}
