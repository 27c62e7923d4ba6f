import { createHash } from 'node:crypto';
import type { ChatMessage, GenerateRequest, Provenance } from '@palate/core';

/** Text of an answer that is worth keeping. */
export interface CleanedAnswer {
  readonly text: string;
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A prompt as a typed function with a version. A change of the wording needs a new version: texts of two versions
 * are kept apart, and no cache mixes them.
 */
export interface PromptTemplate<Input> {
  /** The prompt family, for example `"infer"`. */
  readonly kind: string;
  readonly entityType: 'item' | 'user';
  readonly version: string;
  /** Interactions that its inputs show, where that is the same for all: `WORLD` for catalogue texts. */
  readonly provenance?: Provenance | undefined;
  readonly messages: (input: Input) => readonly ChatMessage[];
  /** Settings of the request beside its messages. */
  readonly request?: Omit<GenerateRequest, 'messages' | 'promptVersion'> | undefined;
  /**
   * Takes the wrapping off an answer (preambles, quotes, a list's bullets). It is given answers that are whole and no
   * refusals, without reasoning.
   *
   * @throws PalateError if nothing usable is left
   */
  readonly clean?: ((answer: string) => CleanedAnswer) | undefined;
  /**
   * Refuses a clean answer that does not suit what was asked: a text that gives away what it must not name.
   *
   * @throws PalateError saying what is wrong with it
   */
  readonly check?: ((answer: CleanedAnswer, input: Input) => void) | undefined;
}

/** The request that a template makes of an input. */
export function requestOf<Input>(template: PromptTemplate<Input>, input: Input): GenerateRequest {
  return {
    ...template.request,
    messages: template.messages(input),
    promptVersion: `${template.kind}@${template.version}`,
  };
}

/**
 * Hash of what a request asks: its messages and its schema. With other factors, another history or another item text
 * it is another one, so that texts of two prompts are kept apart.
 */
export function promptHash({ messages, schema }: GenerateRequest): string {
  return createHash('sha256')
    .update(
      JSON.stringify([messages.map(({ role, content }) => [role, content]), schema?.jsonSchema ?? null]),
    )
    .digest('hex')
    .slice(0, 16);
}
