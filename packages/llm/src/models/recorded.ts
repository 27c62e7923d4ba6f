import { appendFile, readFile, truncate } from 'node:fs/promises';
import {
  defineOptions,
  type GenerateRequest,
  type GenerateResult,
  InvalidInputError,
  type LanguageModel,
  type LikelihoodRequest,
  type LikelihoodResult,
  type OptionsOf,
  option,
  PalateError,
  ParseError,
} from '@palate/core';
import { canonicalJson, requestKey } from './request-key.js';
import { languageModel, type SingleCalls, type StreamingLanguageModel, singleCalls } from './single-calls.js';

/** One line of a recording. */
export interface RecordedAnswer {
  /** {@link requestKey} of model, settings and request. */
  readonly key: string;
  /** Id of the model that answered. */
  readonly model: string;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  readonly request: GenerateRequest | LikelihoodRequest;
  readonly result: GenerateResult | LikelihoodResult;
}

/** A request that the recording holds no answer for (`code: 'missing-answer'`). */
export class MissingAnswerError extends PalateError {
  /** Hash of the missing answer's request, as the file would hold it. */
  readonly key: string;
  constructor(file: string, key: string, received: string) {
    super('missing-answer', {
      expected: `a recorded answer in ${file}`,
      received,
      hint: `Record it: make the same call through recording(model, ${JSON.stringify(file)}). Its key is ${key}.`,
    });
    this.name = 'MissingAnswerError';
    this.key = key;
  }
}

interface Recording {
  readonly answers: Map<string, RecordedAnswer>;
  /** Bytes up to the end of the last whole line. */
  readonly wholeBytes: number;
  readonly totalBytes: number;
}

/** Reads a recording; a last line without its end is what a kill left, and is no line. */
async function readRecording(file: string): Promise<Recording> {
  const bytes = await readFile(file);
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const answers = new Map<string, RecordedAnswer>();
  const lines = bytes.subarray(0, wholeBytes).toString('utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    let answer: Partial<RecordedAnswer> | undefined;
    let cause: unknown;
    try {
      answer = JSON.parse(line) as Partial<RecordedAnswer>;
    } catch (error) {
      cause = error;
    }
    if (
      typeof answer?.key !== 'string' ||
      typeof answer.model !== 'string' ||
      !answer.request ||
      !answer.result
    )
      throw new ParseError(
        { file, line: index + 1, column: 1 },
        {
          expected: 'a JSON object with key, model, request and result',
          received: line.slice(0, 80),
          hint: 'Remove the line, or record the file again.',
          cause,
        },
      );
    answers.set(answer.key, answer as RecordedAnswer);
  }
  return { answers, wholeBytes, totalBytes: bytes.length };
}

/** Options of {@link recordedModel}. */
export const RECORDED_MODEL = defineOptions(
  'recordedModel',
  {
    model: option.text().optional({ doc: 'id of the model to play, needed if the file holds several' }),
  },
  [],
);

/** Options of {@link recordedModel}; {@link RECORDED_MODEL} says what each does. */
export type RecordedModelOptions = OptionsOf<typeof RECORDED_MODEL.declarations>;

/**
 * A language model that answers from a recording, without any network: for tests, demonstrations and
 * repeatable figures. It has the id of the recorded model, so that what is derived from its
 * answers is the same.
 *
 * A request without an answer is an outcome with {@link MissingAnswerError}, which tells how to record it.
 *
 * @param file - JSONL of {@link RecordedAnswer}, written by {@link recording}; read as a whole
 * @throws ParseError for a malformed line; InvalidInputError if the file is missing or the model is not in it
 */
export async function recordedModel(
  file: string,
  options: RecordedModelOptions = {},
): Promise<StreamingLanguageModel> {
  const { model: played } = RECORDED_MODEL.settings(options);
  const { answers } = await readRecording(file).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new InvalidInputError({
      expected: `a recording at ${file}`,
      received: 'no file',
      hint: 'Check the path, or record it: recording(model, file).',
      cause,
    });
  });
  const all = [...answers.values()];
  const ids = [...new Set(all.map((answer) => answer.model))];
  const id = played ?? (ids.length === 1 ? ids[0] : undefined);
  if (id === undefined || !ids.includes(id))
    throw new InvalidInputError({
      expected: `one of the models recorded in ${file}: ${ids.join(', ') || '(none)'}`,
      received: id ?? 'no choice among them',
      hint: 'Pass { model } with one of them.',
    });
  const own = all.filter((answer) => answer.model === id);
  // A recording is of one configuration; which one is read from it, not asked for.
  const settings = own[0]?.settings;
  const keyed = { id, ...(settings && { settings }) };

  const find = <T>(request: GenerateRequest | LikelihoodRequest): T => {
    const key = requestKey(keyed, request);
    const answer = answers.get(key);
    if (!answer) throw new MissingAnswerError(file, key, describeMiss(own, request));
    return answer.result as T;
  };
  const calls: SingleCalls = {
    ...keyed,
    concurrency: 1,
    async generate(request, { onText }) {
      const result = find<GenerateResult>(request);
      onText?.(result.text);
      return result;
    },
    ...(own.some((answer) => 'prompt' in answer.request) && {
      logLikelihood: async (request: LikelihoodRequest) => find<LikelihoodResult>(request),
    }),
  };
  return languageModel(calls);
}

/** Tells what was asked for and, if there is a near miss, what is different about it. */
function describeMiss(
  answers: readonly RecordedAnswer[],
  request: GenerateRequest | LikelihoodRequest,
): string {
  if (!('messages' in request)) return `none for the prompt ${JSON.stringify(request.prompt.slice(-80))}`;
  const last = JSON.stringify(request.messages.at(-1)?.content.slice(0, 80));
  const messages = canonicalJson(request.messages);
  for (const answer of answers) {
    if (!('messages' in answer.request) || canonicalJson(answer.request.messages) !== messages) continue;
    const a: Readonly<Record<string, unknown>> = { ...answer.request };
    const b: Readonly<Record<string, unknown>> = { ...request };
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    const differing = [...names].filter((name) => canonicalJson(a[name]) !== canonicalJson(b[name]));
    return `one for the same messages but other ${differing.join(', ')} (last message ${last})`;
  }
  return `none for the last message ${last}`;
}

/**
 * Passes requests on to `model` and appends every new answer to a recording, for {@link recordedModel}.
 *
 * Questions that the file answers are not asked again. An answer is in the file when the call returns; a line that a
 * kill left unfinished is cut off.
 *
 * @param file - made if missing
 */
export function recording(model: LanguageModel, file: string): StreamingLanguageModel {
  const calls = singleCalls(model);
  let opened: Promise<Map<string, RecordedAnswer>> | undefined;
  let written: Promise<void> = Promise.resolve();

  async function open(): Promise<Map<string, RecordedAnswer>> {
    const found = await readRecording(file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    if (!found) return new Map();
    if (found.wholeBytes < found.totalBytes) await truncate(file, found.wholeBytes);
    return found.answers;
  }

  async function record<T extends GenerateResult | LikelihoodResult>(
    request: GenerateRequest | LikelihoodRequest,
    call: () => Promise<T>,
    onOld: (result: T) => void = () => {},
  ): Promise<T> {
    opened ??= open();
    const answers = await opened;
    const key = requestKey(calls, request);
    const old = answers.get(key);
    if (old) {
      onOld(old.result as T);
      return old.result as T;
    }
    const result = await call();
    const answer: RecordedAnswer = {
      key,
      model: calls.id,
      ...(calls.settings && Object.keys(calls.settings).length > 0 && { settings: calls.settings }),
      request,
      result,
    };
    // Of equal requests in flight the first to be answered is kept.
    if (!answers.has(key)) {
      answers.set(key, answer);
      const line = `${JSON.stringify(answer)}\n`;
      written = written.then(() => appendFile(file, line));
    }
    await written;
    return result;
  }

  const { logLikelihood } = calls;
  return languageModel({
    ...calls,
    generate: (request, how) =>
      record(
        request,
        () => calls.generate(request, how),
        (result) => how.onText?.(result.text),
      ),
    ...(logLikelihood && {
      logLikelihood: (request, how) => record(request, () => logLikelihood.call(calls, request, how)),
    }),
  });
}
