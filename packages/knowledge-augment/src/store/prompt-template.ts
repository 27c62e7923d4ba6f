import type { ChatMessage, GenerateRequest } from '@palate/core';

/** What an answer is worth keeping as. */
export interface CleanedAnswer {
  readonly text: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/**
 * A prompt as a typed function with a version. Whoever changes the words changes the version: texts of two versions
 * are kept apart, and no cache mixes them.
 */
export interface PromptTemplate<Input> {
  /** The prompt family, for example `"infer"`. */
  readonly kind: string;
  readonly entityType: 'item' | 'user';
  readonly version: string;
  readonly messages: (input: Input) => readonly ChatMessage[];
  /** Settings of the request beside its messages. */
  readonly request?: Omit<GenerateRequest, 'messages' | 'promptVersion'>;
  /**
   * Takes the wrapping off an answer (preambles, quotes, a list's bullets).
   *
   * @throws PalateError if nothing usable is left
   */
  readonly clean?: (answer: string) => CleanedAnswer;
}

/** The request that a template makes of an input. */
export function requestOf<Input>(template: PromptTemplate<Input>, input: Input): GenerateRequest {
  return {
    ...template.request,
    messages: template.messages(input),
    promptVersion: `${template.kind}@${template.version}`,
  };
}
