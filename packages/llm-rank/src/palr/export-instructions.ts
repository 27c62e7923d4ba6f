import { type Catalog, type ChatMessage, quoteForPrompt } from '@palate/core';
import type { InstructionSample } from './instruction-data.js';

/** How samples are put into words. */
export interface InstructionTextOptions {
  readonly catalog: Catalog;
  /** Catalogue fields that name an item. Default title. */
  readonly fields?: readonly string[] | undefined;
  /** Profile of a user in words, where there is one. */
  readonly profile?: (user: number) => string | undefined;
}

/** A sample as a conversation that ends with the answer. */
export function instructionMessages(
  sample: InstructionSample,
  options: InstructionTextOptions,
): ChatMessage[] {
  const { catalog, fields = ['title'] } = options;
  const title = (item: number): string => quoteForPrompt(catalog.itemText(item, fields));
  const profile = options.profile?.(sample.user);
  const parts = [
    ...(profile ? [`What this person likes: ${quoteForPrompt(profile)}.`] : []),
    `History, oldest first:\n${sample.history.map((item) => `- ${title(item)}`).join('\n')}`,
    ...(sample.task === 'recommend'
      ? ['Recommend what comes next.']
      : [
          `Candidates:\n${sample.candidates.map((item) => `- ${title(item)}`).join('\n')}`,
          'Recommend from the candidates what comes next.',
        ]),
    'Answer with one title a line, the best first.',
  ];
  return [
    { role: 'system', content: 'You recommend items to people by their history.' },
    { role: 'user', content: parts.join('\n\n') },
    { role: 'assistant', content: sample.labels.map(title).join('\n') },
  ];
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
    const [system, user, answer] = instructionMessages(sample, options);
    return {
      prompt: `${system?.content}\n\n${user?.content}\n\n`,
      completion: answer?.content ?? '',
    };
  });
}
