import { PalateError } from '@palate/core';
import { readErrorBody } from './error-body.js';
import { ModelCallError } from './model-error.js';
import { fromSdkError, retryAfterSeconds, statusError } from './openai-errors.js';
import { cleanError, redactor } from './redact.js';

/** Fields of the SDK's `APICallError`, as far as they are there. */
interface ApiCallError {
  readonly statusCode?: unknown;
  readonly responseBody?: unknown;
  readonly responseHeaders?: Readonly<Record<string, string>> | undefined;
  readonly requestBodyValues?: unknown;
}

/** Longest part of a body that is read for what the server said. */
const BODY = 16_384;

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/**
 * Turns what a model of the AI SDK threw into an error of this package. Bodies of requests and headers, where keys may be,
 * go no further.
 *
 * @param what - the call, for messages
 * @param where - the model, for messages
 */
export function fromAiSdkError(error: unknown, what: string, where: string): PalateError {
  if (PalateError.is(error)) return error;
  const redact = redactor([]);
  const cause = cleanError(error, redact);
  const { statusCode, responseBody, responseHeaders } = Object(error) as ApiCallError;
  const isCall = /APICallError/.test(nameOf(error));
  if (isCall && typeof statusCode === 'number' && statusCode >= 400) {
    const body = typeof responseBody === 'string' ? responseBody.slice(0, BODY) : '';
    const said = readErrorBody(body) ?? { message: error instanceof Error ? error.message : '' };
    return statusError(statusCode, said, {
      what,
      where,
      redact,
      cause,
      retryAfterSeconds: retryAfterSeconds(new Headers(responseHeaders ?? {})),
    });
  }
  if (/LoadAPIKey|LoadSetting/.test(nameOf(error)))
    return new ModelCallError('not-authorised', {
      expected: `${what} by ${where} to be allowed`,
      received: (error as Error).message,
      hint: 'Give the provider its key.',
      cause,
    });
  const isAnswer = /TypeValidation|JSONParse|InvalidResponseData|EmptyResponseBody|NoContentGenerated/;
  const inner = error instanceof Error ? nameOf(error.cause) : '';
  if (isAnswer.test(`${nameOf(error)} ${inner}`))
    return new ModelCallError('bad-answer', {
      expected: `an answer to ${what} by ${where} in the form of its protocol`,
      received: error instanceof Error ? error.message.slice(0, 300) : String(error),
      hint: 'Call again; if it stays, check the address of the provider.',
      isRetryable: true,
      cause,
    });
  if (/UnsupportedFunctionality|InvalidPrompt|InvalidArgument|NoSuchModel/.test(nameOf(error)))
    return new ModelCallError('request-refused', {
      expected: `a request that ${where} takes`,
      received: (error as Error).message,
      hint: 'Correct the request, or use another model.',
      cause,
    });
  // The rest are connection errors, thrown by fetch below the SDK, which wraps them.
  return fromSdkError(
    error instanceof Error && isCall && error.cause ? error.cause : error,
    what,
    where,
    redact,
  );
}
