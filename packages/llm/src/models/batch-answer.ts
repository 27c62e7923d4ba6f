import { type GenerateOutcome, type GenerateRequest, PalateError } from '@palate/core';
import { type ChatSettings, parseChat, type Server, type Wording } from './chat-format.js';
import { readErrorBody } from './error-body.js';
import { ModelCallError } from './model-error.js';
import { statusError } from './openai-errors.js';

interface WireAnswer {
  readonly custom_id?: string | undefined;
  readonly response?: {
    readonly status_code?: number | undefined;
    readonly body?: unknown;
  } | null;
  readonly error?: { readonly code?: string; readonly message?: string } | null;
}

/** Names a request in a batch's files. */
export function requestName(index: number): string {
  return `request-${index}`;
}

/**
 * Reads a line of a batch's output or error file.
 *
 * @returns the request's index and outcome; undefined for a line that names none of `requests`
 */
export function readBatchAnswer(
  line: string,
  requests: readonly GenerateRequest[],
  settings: ChatSettings,
  wording: Wording,
  server: Server,
): { readonly index: number; readonly outcome: GenerateOutcome } | undefined {
  let answer: WireAnswer;
  try {
    answer = JSON.parse(line) as WireAnswer;
  } catch {
    // The line cannot be matched to a request, which stays unanswered and says so.
    return undefined;
  }
  const index = Number(/^request-(\d+)$/.exec(answer.custom_id ?? '')?.[1] ?? -1);
  const request = requests[index];
  if (!request) return undefined;
  try {
    return { index, outcome: { ok: true, result: readResult(answer, request, settings, wording, server) } };
  } catch (error) {
    if (!PalateError.is(error)) throw error;
    return { index, outcome: { ok: false, error } };
  }
}

function readResult(
  { response, error }: WireAnswer,
  request: GenerateRequest,
  settings: ChatSettings,
  wording: Wording,
  server: Server,
): ReturnType<typeof parseChat> {
  const { where, redact } = server;
  if (!response)
    throw new ModelCallError(error?.code === 'batch_expired' ? 'timed-out' : 'server-failed', {
      expected: `a request of a batch at ${where} to be answered`,
      received: redact(`${error?.code ?? 'an error'}: ${error?.message ?? 'no message'}`),
      hint: 'Ask again in a new job.',
      isRetryable: true,
      isUnbilled: true,
    });
  if (response.status_code !== 200)
    throw statusError(response.status_code ?? 500, readErrorBody(response.body) ?? { message: '' }, {
      what: 'a request of a batch',
      where,
      redact,
    });
  return parseChat(response.body, request, settings, wording, server);
}
