import { InvalidInputError, type LongCallOptions, yieldToEventLoop } from '@palate/core';
import type { TextTokens } from '@palate/llm';
import {
  batchTensors,
  type EncodedInput,
  ForwardPass,
  type GenerateOptions,
  generateEncoded,
  type LabelTensors,
  selectBackend,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { HistoryVectors } from '../history/history-vectors.js';
import { newestOf, type UserHistory } from '../history/user-history.js';
import { type CutTexts, UemBatches } from './prepared-examples.js';
import type { InputTensors, PromptNetwork, PromptTensors } from './prompt-network.js';
import type { SoftPrompt } from './soft-prompt.js';
import type { UemQuery } from './uem-example.js';
import type { UemConfig } from './uem-options.js';

/** Questions answered or scored together. */
const TOGETHER = 32;

/** A question whose user's soft prompt was computed before. */
export interface PromptedQuery {
  readonly prompt: SoftPrompt;
  readonly text: string;
}

/** Parts that a trained network answers with. */
export interface PromptedParts {
  readonly network: PromptNetwork;
  readonly tokens: TextTokens;
  readonly vectors: HistoryVectors;
  readonly config: UemConfig;
}

/** Answers questions by a network that reads users as soft prompts. */
export class PromptedModel {
  protected readonly parts: PromptedParts;
  readonly #network: PromptNetwork;
  readonly #tokens: TextTokens;
  readonly #vectors: HistoryVectors;
  readonly #config: UemConfig;
  readonly #batches: UemBatches;

  constructor(parts: PromptedParts) {
    const { network, tokens, vectors, config } = parts;
    this.parts = parts;
    this.#network = network;
    this.#tokens = tokens;
    this.#vectors = vectors;
    this.#config = config;
    this.#batches = new UemBatches(network.t5, tokens, vectors, config);
  }

  /** Width of a soft prompt token. */
  get promptWidth(): number {
    return this.#network.t5.config.d_model;
  }

  /** How many texts were longer than what is read of them, since the model was made. */
  get cutTexts(): CutTexts {
    return this.#batches.cut;
  }

  /** How many numbers are trained and how many there are in all. */
  get parameterCounts(): { readonly trained: number; readonly all: number } {
    const { parameters } = this.#network;
    return {
      trained: parameters.trainable.reduce((sum, name) => sum + parameters.get(name).size, 0),
      all: this.#network.allParameters.reduce((sum, { count }) => sum + count, 0),
    };
  }

  /** Tokens that the encoder reads of a question: task tokens, soft prompt and text, without padding. */
  tokensOf(query: UemQuery): number {
    const { taskTokens, historyLength, inputTokens } = this.#config;
    const words = Math.min(inputTokens, this.#tokens.encode(query.text).length + 1);
    return taskTokens + Math.min(historyLength, query.history?.items.length ?? 0) + words;
  }

  /**
   * Computes soft prompts, to be kept and used in place of histories.
   *
   * @returns one for each history, of its newest items
   * @throws InvalidInputError for histories that do not fit the vectors, or a model that reads none
   */
  async softPrompts(histories: readonly UserHistory[], options: LongCallOptions = {}): Promise<SoftPrompt[]> {
    this.checkReadsHistories();
    const kept = histories.map((history) => newestOf(history, this.#config.historyLength));
    return this.#promptsOfRows(
      kept.map((history) => this.#vectors.rows(history)),
      options,
    );
  }

  /**
   * Adds newer items to soft prompts that were kept. No text is encoded and no earlier item's vectors are looked up again:
   * the module runs over the stored rows.
   */
  async extendPrompt(
    prompt: SoftPrompt,
    newer: UserHistory,
    options: LongCallOptions = {},
  ): Promise<SoftPrompt> {
    this.checkReadsHistories();
    const added = this.#vectors.rows(newer);
    const rows = new Float32Array(prompt.rows.length + added.length);
    rows.set(prompt.rows);
    rows.set(added, prompt.rows.length);
    const most = this.#config.historyLength * this.#vectors.width;
    const [extended] = await this.#promptsOfRows([rows.subarray(Math.max(0, rows.length - most))], options);
    return extended as SoftPrompt;
  }

  /** @throws InvalidInputError if the network reads no histories */
  protected checkReadsHistories(): void {
    if (this.#network.module) return;
    throw new InvalidInputError({
      expected: 'a model that reads histories',
      received: 'historyLength 0',
      hint: 'Fit it with a historyLength of at least 1.',
    });
  }

  async #promptsOfRows(all: readonly Float32Array[], options: LongCallOptions): Promise<SoftPrompt[]> {
    await selectBackend();
    const { historyLength: length } = this.#config;
    const { width } = this.#vectors;
    const prompts: SoftPrompt[] = [];
    for (let from = 0; from < all.length; from += TOGETHER) {
      if (from > 0) await yieldToEventLoop(options.signal, 'computing soft prompts');
      const chosen = all.slice(from, from + TOGETHER);
      const values = tf.tidy(() => {
        const rows = new Float32Array(chosen.length * length * width);
        const present = new Float32Array(chosen.length * length);
        const positions = new Int32Array(chosen.length * length);
        for (const [k, each] of chosen.entries()) {
          const count = each.length / width;
          rows.set(each, k * length * width);
          present.fill(1, k * length, k * length + count);
          for (let at = 0; at < count; at++) positions[k * length + at] = count - 1 - at;
        }
        const shape: [number, number] = [chosen.length, length];
        const made = this.#network.prompts(
          {
            rows: tf.tensor3d(rows, [...shape, width]),
            present: tf.tensor2d(present, shape),
            positions: tf.tensor2d(positions, shape, 'int32'),
          },
          ForwardPass.inference(),
        ) as PromptTensors;
        return made.tokens;
      });
      const numbers = (await values.data()) as Float32Array;
      values.dispose();
      for (const [k, each] of chosen.entries()) {
        const count = each.length / width;
        const at = k * length * this.promptWidth;
        prompts.push({
          rows: each.slice(),
          tokens: numbers.slice(at, at + count * this.promptWidth),
          length: count,
        });
      }
      options.onProgress?.({ phase: 'soft prompts', done: prompts.length, total: all.length });
    }
    return prompts;
  }

  /**
   * Answers questions.
   *
   * @param options - of `generate`; `maxTokens` is `answerTokens` if left out
   * @returns the best answer to each
   * @throws InvalidInputError for histories that do not fit the vectors
   * @throws CancelledError if `signal` fires
   */
  async answer(
    queries: readonly (UemQuery | PromptedQuery)[],
    options: Omit<GenerateOptions, 'sequences'> = {},
  ): Promise<string[]> {
    await selectBackend();
    const prompts = await this.#promptsFor(queries, options);
    const answers: string[] = [];
    for (let from = 0; from < queries.length; from += TOGETHER) {
      if (from > 0) await yieldToEventLoop(options.signal, 'answering');
      const chosen = queries.slice(from, from + TOGETHER);
      const generated = await generateEncoded(
        this.#network.t5,
        chosen.length,
        () => this.#encoded(chosen, prompts?.slice(from, from + TOGETHER)),
        { maxTokens: this.#config.answerTokens, ...options, onProgress: undefined },
      );
      for (const [best] of generated)
        answers.push(
          this.#tokens.decode(withoutEnd(best?.tokens ?? [], this.#network.t5.config.eos_token_id)),
        );
      options.onProgress?.({ phase: 'answer', done: answers.length, total: queries.length });
    }
    return answers;
  }

  /**
   * Log-probability of answers to questions, in nats, summed over the answer's tokens: for choosing among given answers.
   *
   * @param answers - one for each question
   */
  async logLikelihoods(
    queries: readonly (UemQuery | PromptedQuery)[],
    answers: readonly string[],
    options: LongCallOptions = {},
  ): Promise<Float32Array> {
    if (queries.length !== answers.length)
      throw new InvalidInputError({
        expected: `${queries.length} answers, one for each question`,
        received: String(answers.length),
        hint: 'Repeat the question for each answer to be scored.',
      });
    await selectBackend();
    const prompts = await this.#promptsFor(queries, options);
    const scores = new Float32Array(queries.length);
    for (let from = 0; from < queries.length; from += TOGETHER) {
      if (from > 0) await yieldToEventLoop(options.signal, 'scoring answers');
      const chosen = queries.slice(from, from + TOGETHER);
      const values = tf.tidy(() => {
        const input = batchTensors(this.#batches.queries(chosen.map(({ text }) => ({ text }))));
        const answer = batchTensors(this.#batches.answers(answers.slice(from, from + TOGETHER)));
        return this.#network.logLikelihoods(
          this.#promptTensors(prompts?.slice(from, from + TOGETHER)),
          input as InputTensors,
          answer as LabelTensors,
          ForwardPass.inference(),
        );
      });
      scores.set((await values.data()) as Float32Array, from);
      values.dispose();
    }
    return scores;
  }

  /** The soft prompts of questions, computed where none was given. */
  async #promptsFor(
    queries: readonly (UemQuery | PromptedQuery)[],
    options: LongCallOptions,
  ): Promise<readonly SoftPrompt[] | undefined> {
    if (!this.#network.module) return undefined;
    const open = queries.filter((query) => !('prompt' in query)) as readonly UemQuery[];
    const { signal } = options;
    const made = await this.softPrompts(
      open.map(({ history }) => history ?? { items: [] }),
      { signal },
    );
    let next = 0;
    return queries.map((query) => ('prompt' in query ? query.prompt : (made[next++] as SoftPrompt)));
  }

  #promptTensors(prompts: readonly SoftPrompt[] | undefined): PromptTensors | undefined {
    if (!prompts) return undefined;
    const { historyLength: length } = this.#config;
    const width = this.promptWidth;
    const tokens = new Float32Array(prompts.length * length * width);
    const present = new Float32Array(prompts.length * length);
    for (const [k, prompt] of prompts.entries()) {
      tokens.set(prompt.tokens, k * length * width);
      present.fill(1, k * length, k * length + prompt.length);
    }
    return {
      tokens: tf.tensor3d(tokens, [prompts.length, length, width]),
      present: tf.tensor2d(present, [prompts.length, length]),
    };
  }

  #encoded(
    queries: readonly { readonly text: string }[],
    prompts: readonly SoftPrompt[] | undefined,
  ): EncodedInput {
    const input = batchTensors(this.#batches.queries(queries.map(({ text }) => ({ text }))));
    return this.#network.encode(this.#promptTensors(prompts), input as InputTensors, ForwardPass.inference());
  }
}

/** The tokens before the end. */
function withoutEnd(tokens: readonly number[], end: number): readonly number[] {
  const at = tokens.indexOf(end);
  return at < 0 ? tokens : tokens.slice(0, at);
}
