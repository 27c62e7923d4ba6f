import { PalateError } from '@palate/core';
import { APIConnectionError, APIError } from 'openai';
import { readErrorBody, type ServerError } from './error-body.js';
import { ModelCallError, type ModelErrorCode } from './model-error.js';
import { cleanError, type Redact } from './redact.js';

/** Seconds that a `Retry-After` or `retry-after-ms` header asks for. */
export function retryAfterSeconds(headers: Headers | undefined, now = Date.now()): number | undefined {
  const milliseconds = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (milliseconds >= 0 && Number.isFinite(milliseconds)) return milliseconds / 1000;
  const text = headers?.get('retry-after');
  if (!text) return undefined;
  if (/^\s*\d{1,12}(\.\d+)?\s*$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

interface Reading {
  readonly code: ModelErrorCode;
  readonly hint: string;
  readonly isRetryable: boolean;
}

const QUOTA =
  /insufficient_quota|billing|exceeded your current quota|out of credits|(balance|credits?( balance)?) (is |are )?(too low|exhausted|used up)|insufficient (balance|credits|funds)/i;
const KEY =
  /(invalid|incorrect|expired) api.?key|api.?key (is )?(not valid|invalid|expired)|api_key_invalid/i;
const TOO_LONG =
  /context (length|size|window)|maximum context|too (large|long) (to|for)|increase the physical batch size/i;

/** Reads what a status means, and where servers use one for another thing, what their own words mean. */
function readStatus(status: number, error: ServerError, asksToWait: boolean): Reading {
  const words = `${error.code ?? ''} ${error.message}`;
  if (status === 402 || ([400, 403, 429].includes(status) && QUOTA.test(words) && !asksToWait))
    return {
      code: status === 429 ? 'rate-limited' : 'not-authorised',
      hint: 'The quota is used up: raise it with the provider.',
      isRetryable: false,
    };
  if (status === 429 || (status === 403 && /rate limit|too many requests/i.test(words)))
    return { code: 'rate-limited', hint: 'Wait, or lower the rate by withLimits.', isRetryable: true };
  if (status === 401 || status === 403 || (status === 400 && KEY.test(words)))
    return { code: 'not-authorised', hint: 'Check the API key and its permissions.', isRetryable: false };
  if (status === 408 || status === 504)
    return { code: 'timed-out', hint: 'Call again after a while: withRetry does so.', isRetryable: true };
  // 424 is how Text Embeddings Inference says that its backend failed.
  if ((status >= 500 || status === 424) && status !== 501 && !TOO_LONG.test(words))
    return { code: 'server-failed', hint: 'Call again, or check the server.', isRetryable: true };
  const hint =
    status === 404
      ? 'Check the model name, and that baseURL ends as the server expects (usually in /v1).'
      : TOO_LONG.test(words)
        ? 'Shorten the prompt, or lower maxTokens.'
        : 'Correct the request.';
  return { code: 'request-refused', hint, isRetryable: status === 409 || status === 425 };
}

/** The error for an answer of this status, or one whose body amounts to it. */
export function statusError(
  status: number,
  error: ServerError,
  about: {
    readonly what: string;
    readonly where: string;
    readonly redact: Redact;
    readonly retryAfterSeconds?: number | undefined;
    /** True where the answer itself came with status 200. */
    readonly isWithin200?: boolean;
    readonly cause?: unknown;
  },
): ModelCallError {
  const wait = about.retryAfterSeconds ?? error.retryAfterSeconds;
  const { code, hint, isRetryable } = readStatus(status, error, wait !== undefined);
  const said = about.redact(error.message) || 'no message';
  return new ModelCallError(code, {
    expected: `${about.what} at ${about.where} to be answered`,
    received: about.isWithin200
      ? `status 200 with an error (${status}): ${said}`
      : `status ${status}: ${said}`,
    hint,
    cause: about.cause,
    isRetryable,
    status,
    retryAfterSeconds: wait,
    isUnbilled: status < 500 || status === 503,
    parameter: error.parameter,
  });
}

/** System errors of connections that were never made. */
const NEVER_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** Errors of a secure connection, which no repetition mends. */
const NOT_SECURE = /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/;

function chain(error: unknown): Error[] {
  const found: Error[] = [];
  for (let one = error; one instanceof Error && found.length < 6; one = one.cause) found.push(one);
  return found;
}

/** Turns what the SDK or fetch threw into a ModelCallError without secrets. */
export function fromSdkError(error: unknown, what: string, where: string, redact: Redact): PalateError {
  const causes = chain(error);
  // Thrown below the SDK, which wraps it.
  const own = causes.find((one) => PalateError.is(one));
  if (PalateError.is(own)) return own;
  const cause = cleanError(error, redact);
  if (error instanceof APIError && error.status !== undefined) {
    const said = readErrorBody({ error: error.error }) ?? { message: error.message.replace(/^\d+ /, '') };
    return statusError(error.status, said, {
      what,
      where,
      redact,
      cause,
      retryAfterSeconds: retryAfterSeconds(error.headers),
    });
  }
  // The SDK throws it without a status when an error comes as an event of a stream.
  if (error instanceof APIError && !(error instanceof APIConnectionError))
    return errorWithin(readErrorBody({ error: error.error }) ?? { message: error.message }, {
      what,
      where,
      redact,
      cause,
      isStream: true,
    });
  const about = { expected: `${what} at ${where} to be answered`, cause };
  if (error instanceof SyntaxError)
    return new ModelCallError('bad-answer', {
      ...about,
      expected: `JSON from ${what} at ${where}`,
      received: `something else (${redact(error.message)})`,
      hint: 'Call again; if it stays, check the server.',
      isRetryable: true,
    });
  const code = causes
    .map((one) => (one as NodeJS.ErrnoException).code)
    .find((one): one is string => typeof one === 'string');
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return new ModelCallError('timed-out', {
      ...about,
      received: `no answer within fetch's own limit (${code})`,
      hint: 'Stream the answer, ask for fewer tokens, or check the server.',
      isRetryable: true,
    });
  const isNetwork =
    code !== undefined ||
    error instanceof APIConnectionError ||
    causes.some(({ message }) => /fetch failed|terminated|socket|other side closed|network/i.test(message));
  if (!isNetwork)
    return new ModelCallError('bad-answer', {
      expected: `an answer of ${what} at ${where} in the form of the protocol`,
      received: `one that could not be read (${redact(String(error))})`,
      hint: 'Check that baseURL names an OpenAI-compatible server.',
      cause,
    });
  const isInsecure = code !== undefined && NOT_SECURE.test(code);
  const reason = code ?? redact(causes.at(-1)?.message ?? '');
  return new ModelCallError('connection-failed', {
    ...about,
    received: `a failed connection${reason ? ` (${reason})` : ''}`,
    hint: isInsecure
      ? "Check the server's certificate, and whether it speaks http or https."
      : 'Check baseURL, the network and that the server runs.',
    isRetryable: !isInsecure,
    isUnbilled: isInsecure || (code !== undefined && NEVER_CONNECTED.includes(code)),
  });
}

/** The error for one that came where an answer should be: in a body with status 200, or in a stream. */
export function errorWithin(
  error: ServerError,
  about: {
    readonly what: string;
    readonly where: string;
    readonly redact: Redact;
    readonly isStream?: boolean | undefined;
    readonly cause?: unknown;
  },
): ModelCallError {
  const { status } = error;
  const isTold = typeof error.code === 'number' || Number(error.code) >= 400;
  if (status !== undefined && (isTold || status < 500))
    return statusError(status, error, { ...about, isWithin200: true });
  return new ModelCallError(about.isStream ? 'server-failed' : 'bad-answer', {
    expected: `${about.what} at ${about.where} to be answered`,
    received: `${about.isStream ? 'an error within the answer' : 'status 200 with an error'}: ${about.redact(error.message)}`,
    hint: 'Call again, or check the server.',
    cause: about.cause,
    isRetryable: true,
    retryAfterSeconds: error.retryAfterSeconds,
  });
}
