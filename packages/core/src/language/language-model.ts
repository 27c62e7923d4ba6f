import type { PalateError } from '../basics/errors.js';
import type { LongCallOptions } from '../basics/progress.js';

/** One turn of a conversation with a language model. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Request to a language model. */
export interface GenerateRequest {
  readonly messages: readonly ChatMessage[];
  /** Most tokens to generate. */
  readonly maxTokens?: number | undefined;
  /** 0 for the most likely answer. Default: the provider's. */
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** JSON schema (draft 2020-12) that the answer must satisfy, with a name for it. */
  readonly schema?: { readonly name: string; readonly jsonSchema: Readonly<Record<string, unknown>> };
  /** Version of the prompt template, part of every cache key. */
  readonly promptVersion?: string | undefined;
}

/** Tokens read and written. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A language model's answer. */
export interface GenerateResult {
  readonly text: string;
  readonly usage: TokenUsage;
  /** Why it ended: by itself or a stop word, at `maxTokens`, or through the provider's filter. */
  readonly finishReason: 'stop' | 'length' | 'filter';
  /** The model that answered, as the provider names it. */
  readonly model: string;
  /** Parameters of the request that the model refused and that were left out, where there are such. */
  readonly ignored?: readonly string[] | undefined;
}

/** The outcome of one request of a batch: one that fails does not take the others with it. */
export type GenerateOutcome =
  | { readonly ok: true; readonly result: GenerateResult }
  | { readonly ok: false; readonly error: PalateError };

/** A text and its continuation, to be scored. */
export interface LikelihoodRequest {
  readonly prompt: string;
  readonly continuation: string;
}

/** Log-likelihood of a continuation given its prompt, in nats, summed over its tokens. */
export interface LikelihoodResult {
  readonly logLikelihood: number;
  readonly tokens: number;
}

/** A language model behind one interface, independent of its provider. */
export interface LanguageModel {
  /** Provider and model, for example `"openai:gpt-4o-mini"`. */
  readonly id: string;
  /** Answers requests in the order given; a failed one is an outcome with its error. */
  generate(requests: readonly GenerateRequest[], options?: LongCallOptions): Promise<GenerateOutcome[]>;
  /** Scores continuations in the order given, where the model can. */
  logLikelihood?(
    requests: readonly LikelihoodRequest[],
    options?: LongCallOptions,
  ): Promise<LikelihoodResult[]>;
}
