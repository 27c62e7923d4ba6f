import { type Catalog, type ChatMessage, defineOptions } from '@palate/core';
import type { InstructionSample } from './instruction-data.js';
import {
  PROMPT,
  type PromptOptions,
  type PromptParts,
  promptParts,
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
  /** Messages as they reach a model. */
  readonly question: readonly ChatMessage[];
  readonly answer: string;
}

const partsOf = (options: InstructionTextOptions): PromptParts =>
  promptParts(INSTRUCTION_TEXT.settings(options), options);

function inWords(
  sample: InstructionSample,
  parts: PromptParts,
  profile: InstructionTextOptions['profile'],
): InstructionText {
  const { history, candidates, labels } = sample;
  const person = { profile: profile?.(sample.user), history };
  if (sample.task === 'recommend')
    return {
      question: recommendMessages(person, labels.length, parts),
      answer: recommendAnswer(labels, parts),
    };
  return {
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
  return conversation(inWords(sample, partsOf(options), options.profile));
}

const conversation = ({ question, answer }: InstructionText): ChatMessage[] => [
  ...question,
  { role: 'assistant', content: answer },
];

/** Lines of an OpenAI fine-tuning file: one conversation a sample. */
export function fineTuningLines(
  samples: readonly InstructionSample[],
  options: InstructionTextOptions,
): string[] {
  const parts = partsOf(options);
  return samples.map((sample) =>
    JSON.stringify({ messages: conversation(inWords(sample, parts, options.profile)) }),
  );
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
  const parts = partsOf(options);
  return samples.map((sample) => {
    const { question, answer } = inWords(sample, parts, options.profile);
    return {
      prompt: `${question.map(({ content }) => content).join('\n\n')}\n\n`,
      completion: answer,
    };
  });
}
