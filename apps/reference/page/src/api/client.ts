import { apiKey } from './api-key.js';
import { readEvent, type ServerEvent } from './read-event.js';

/** A failed call, with what the server said of it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(status: number, code: string, message: string, hint?: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/** Where the interface of the server lies, seen from the page. */
const BASE = './api/v1';

/** Asks the server for JSON: GET without a body, POST with one. */
export async function call<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(path, body, 'application/json', signal);
  const text = await response.text();
  const value = parsed(text);
  if (!response.ok) throw errorOf(response, value);
  if (value === undefined)
    throw new ApiError(
      response.status,
      'unreadable-answer',
      'The server answered with something that is no JSON.',
      'Check that the page is served by palate serve.',
    );
  return value as T;
}

/** The data of each event of a server-sent stream, as they come. */
export async function* events(
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const response = await send(path, body, 'text/event-stream', signal);
  if (!response.ok || !response.body) throw errorOf(response, parsed(await response.text()));
  let rest = '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    rest += value ?? '';
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = done ? '' : (blocks.pop() ?? '');
    for (const block of blocks) {
      const event = readEvent(block);
      if (event) yield event;
    }
    if (done) return;
  }
}

async function send(path: string, body: unknown, accept: string, signal?: AbortSignal): Promise<Response> {
  const key = apiKey();
  try {
    return await fetch(BASE + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(
      0,
      'unreachable',
      'The server does not answer.',
      'Check that palate serve still runs.',
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The error that a stream tells once its answer has begun. */
export function streamError(data: string): ApiError {
  return toldError(200, parsed(data), 'The server broke off.');
}

function errorOf({ status, statusText }: Response, value: unknown): ApiError {
  return toldError(status, value, `The server answered ${[status, statusText].filter(Boolean).join(' ')}.`);
}

/** An error from the body that the server gives to each: `{ error: { code, message, hint } }`. */
function toldError(status: number, value: unknown, otherwise: string): ApiError {
  const { error } = Object(value) as { error?: { code?: string; message?: string; hint?: string } };
  return new ApiError(status, error?.code ?? `http-${status}`, error?.message ?? otherwise, error?.hint);
}
