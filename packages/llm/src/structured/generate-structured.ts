import {
  defineOptions,
  type GenerateOutcome,
  type GenerateRequest,
  type GenerateResult,
  type LanguageModel,
  type LongCallOptions,
  type OptionsOf,
  option,
  PalateError,
  type TokenUsage,
} from '@palate/core';
import type { z } from 'zod';
import { answerText } from './answer-text.js';
import { readValue, validate } from './read-value.js';
import { structureSchema } from './structure-schema.js';

/** Options of {@link generateStructured}. */
export const GENERATE_STRUCTURED = defineOptions('generateStructured', {
  name: option.text(1)({ default: 'answer', doc: 'name of the schema, which some servers show the model' }),
  reAsks: option.integer({ min: 0 })({
    default: 1,
    doc: 'how many times a model is asked again, with the reason, if its answer does not satisfy the schema',
  }),
  readText: option.function<(text: string, request: number) => unknown>().optional({
    doc: 'reads a value from an answer without JSON that satisfies the schema, for example a numbered list; called with the text without reasoning and the position of the request; returns undefined if it finds nothing',
  }),
});

/** Options of {@link generateStructured}; {@link GENERATE_STRUCTURED} says what each does. */
export interface GenerateStructuredOptions<T = unknown>
  extends Omit<OptionsOf<typeof GENERATE_STRUCTURED.declarations>, 'readText'>,
    LongCallOptions {
  readonly readText?: ((text: string, request: number) => T | undefined) | undefined;
}

/** An answer that satisfies no schema, even after asking again (`code: 'invalid-structure'`). */
export class InvalidStructureError extends PalateError {
  /** The last answer as it came. */
  readonly text: string;
  /** Why it ended. */
  readonly finishReason: GenerateResult['finishReason'];
  constructor(problem: string, result: GenerateResult) {
    const isCut = result.finishReason === 'length';
    super('invalid-structure', {
      expected: 'an answer that satisfies the schema',
      received: isCut
        ? `one that was cut off at maxTokens (${problem})`
        : result.finishReason === 'filter'
          ? `one that the provider's filter ended (${problem})`
          : `one that does not: ${problem}`,
      hint: isCut
        ? 'Raise maxTokens.'
        : 'Ask for less, describe the fields in the schema, or use a larger model.',
    });
    this.name = 'InvalidStructureError';
    this.text = result.text;
    this.finishReason = result.finishReason;
  }
}

/** The outcome of one structured request. */
export type StructuredOutcome<T> =
  | {
      readonly ok: true;
      readonly value: T;
      /** The answer that `value` was read from. */
      readonly result: GenerateResult;
      /** Of all answers to this request. */
      readonly usage: TokenUsage;
    }
  | {
      readonly ok: false;
      /** {@link InvalidStructureError}, or what the model failed with. */
      readonly error: PalateError;
      readonly usage: TokenUsage;
    };

/**
 * Asks a model for values of a Zod schema.
 *
 * The schema goes along as JSON schema (`request.schema`), which each provider puts to its model as well as it
 * can: a response format, or words in the prompt. What comes back is never trusted: JSON is sought in the
 * answer (reasoning, code fences and words around it are taken off), brought into the schema's form where only that
 * is missing (a bare array, numbers as strings), and validated by Zod. An answer that fails is sent back once with what is wrong with it; if that fails too, the outcome is an {@link InvalidStructureError}. One
 * bad answer never takes the others of a batch with it.
 *
 * @returns outcomes in the order of the requests
 * @throws InvalidInputError if JSON schema cannot express the Zod schema; CancelledError
 *
 * @example
 * ```ts
 * const Rating = z.object({ stars: z.number().min(0.5).max(5), reason: z.string() });
 * const [outcome] = await generateStructured(model, [{ messages }], Rating);
 * if (outcome?.ok) console.log(outcome.value.stars);
 * ```
 */
export async function generateStructured<S extends z.ZodType>(
  model: LanguageModel,
  requests: readonly GenerateRequest[],
  schema: S,
  options: GenerateStructuredOptions<z.input<S>> = {},
): Promise<StructuredOutcome<z.output<S>>[]> {
  const { name, reAsks, readText } = GENERATE_STRUCTURED.settings(options);
  const { signal, onProgress, seed } = options;
  const jsonSchema = structureSchema(schema);
  const outcomes = new Array<StructuredOutcome<z.output<S>>>(requests.length);
  let open = requests.map((request, index) => ({
    index,
    request: { ...request, schema: { name, jsonSchema } },
    usage: { inputTokens: 0, outputTokens: 0 } as TokenUsage,
  }));
  for (let round = 0; open.length > 0; round++) {
    const answers: GenerateOutcome[] = await model.generate(
      open.map((one) => one.request),
      { signal, onProgress, seed },
    );
    const again: typeof open = [];
    for (const [n, { index, request, usage: before }] of open.entries()) {
      const answer = answers[n] as GenerateOutcome;
      if (!answer.ok) {
        outcomes[index] = { ok: false, error: answer.error, usage: before };
        continue;
      }
      const { result } = answer;
      const usage = {
        inputTokens: before.inputTokens + result.usage.inputTokens,
        outputTokens: before.outputTokens + result.usage.outputTokens,
      };
      const isCut = result.finishReason === 'length';
      let read = await readValue(schema, jsonSchema, result.text, isCut);
      const inWords = read.ok || isCut ? undefined : readText?.(answerText(result.text).text, index);
      if (inWords !== undefined) read = await validate(schema, inWords);
      if (read.ok) outcomes[index] = { ok: true, value: read.value, result, usage };
      else if (round < reAsks)
        again.push({ index, request: reAsk(request, result.text, read.problem), usage });
      else outcomes[index] = { ok: false, error: new InvalidStructureError(read.problem, result), usage };
    }
    open = again;
  }
  return outcomes;
}

/** Longest part of a failed answer that is shown to its model again. */
const SHOWN = 4000;

function reAsk<R extends GenerateRequest>(request: R, text: string, problem: string): R {
  const complaint = `That answer does not satisfy the schema: ${problem}\nAnswer again, with the corrected JSON and nothing else.`;
  const said = answerText(text).text.slice(0, SHOWN);
  const last = request.messages.at(-1);
  // Many servers refuse an empty message, and two of one role in a row: then the complaint joins the question.
  if (said === '' && last?.role === 'user')
    return {
      ...request,
      messages: [...request.messages.slice(0, -1), { ...last, content: `${last.content}\n\n${complaint}` }],
    };
  return {
    ...request,
    messages: [
      ...request.messages,
      ...(said === '' ? [] : [{ role: 'assistant' as const, content: said }]),
      { role: 'user', content: complaint },
    ],
  };
}
