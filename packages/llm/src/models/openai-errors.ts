import { APIConnectionError, APIError } from 'openai';
import { ModelCallError, type ModelErrorCode } from './model-error.js';
import { cleanError, type Redact } from './redact.js';

/** Seconds that a `Retry-After` or `retry-after-ms` header asks for. */
function retryAfterSeconds(headers: Headers | undefined, now = Date.now()): number | undefined {
  const milliseconds = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (milliseconds >= 0) return milliseconds / 1000;
  const text = headers?.get('retry-after');
  if (!text) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

interface Reading {
  readonly code: ModelErrorCode;
  readonly hint: string;
  readonly isRetryable: boolean;
}

function readStatus(status: number, providerCode: unknown): Reading {
  if (status === 429)
    return providerCode === 'insufficient_quota'
      ? {
          code: 'rate-limited',
          hint: 'The quota is used up: raise it with the provider.',
          isRetryable: false,
        }
      : { code: 'rate-limited', hint: 'Wait, or lower the rate by withLimits.', isRetryable: true };
  if (status === 401 || status === 403)
    return { code: 'not-authorised', hint: 'Check the API key and what it may use.', isRetryable: false };
  if (status === 408) return { code: 'timed-out', hint: 'Call again.', isRetryable: true };
  if (status >= 500)
    return { code: 'server-failed', hint: 'Call again, or check the server.', isRetryable: true };
  const hint =
    status === 404
      ? 'Check the model name and that baseURL ends as the server wants it (mostly in /v1).'
      : 'Mend the request.';
  return { code: 'request-refused', hint, isRetryable: status === 409 };
}

/** The error for an answer of this status whose body says `message`. */
export function statusError(
  status: number,
  message: string,
  about: {
    readonly what: string;
    readonly where: string;
    readonly providerCode?: unknown;
    readonly retryAfterSeconds?: number | undefined;
    readonly cause?: unknown;
  },
): ModelCallError {
  const { code, hint, isRetryable } = readStatus(status, about.providerCode);
  return new ModelCallError(code, {
    expected: `${about.what} at ${about.where} to be answered`,
    received: `status ${status}: ${message.slice(0, 500)}`,
    hint,
    cause: about.cause,
    isRetryable,
    status,
    retryAfterSeconds: about.retryAfterSeconds,
    isUnbilled: status < 500 || status === 503,
  });
}

/** System errors of connections that were never made. */
const NEVER_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

function systemCode(error: unknown, depth = 5): string | undefined {
  if (!(error instanceof Error) || depth === 0) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : systemCode(error.cause, depth - 1);
}

/** What the SDK or fetch threw, as a ModelCallError without secrets. */
export function fromSdkError(error: unknown, what: string, where: string, redact: Redact): ModelCallError {
  const cause = cleanError(error, redact);
  if (error instanceof APIError && error.status !== undefined)
    return statusError(error.status, redact(error.message.replace(/^\d+ /, '')), {
      what,
      where,
      cause,
      providerCode: error.code,
      retryAfterSeconds: retryAfterSeconds(error.headers),
    });
  const about = { expected: `${what} at ${where} to be answered`, cause };
  // The SDK throws it without a status when an error comes as an event of a stream.
  if (error instanceof APIError && !(error instanceof APIConnectionError)) {
    const status = Number(error.code);
    if (status >= 400 && status < 600)
      return statusError(status, redact(error.message), { what, where, cause, providerCode: error.code });
    return new ModelCallError('server-failed', {
      ...about,
      received: `an error within the answer: ${redact(error.message).slice(0, 500)}`,
      hint: 'Call again, or check the server.',
      isRetryable: true,
    });
  }
  if (error instanceof SyntaxError)
    return new ModelCallError('bad-answer', {
      ...about,
      expected: `JSON from ${what} at ${where}`,
      received: `something else (${redact(error.message)})`,
      hint: 'Call again; if it stays, check the server.',
      isRetryable: true,
    });
  const code = systemCode(error);
  return new ModelCallError('connection-failed', {
    ...about,
    received: `a failed connection${code ? ` (${code})` : ''}`,
    hint: 'Check baseURL, the network and that the server runs.',
    isRetryable: true,
    isUnbilled: code !== undefined && NEVER_CONNECTED.includes(code),
  });
}
