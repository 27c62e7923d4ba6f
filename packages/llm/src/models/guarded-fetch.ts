import { readErrorBody } from './error-body.js';
import { limitedBody, type StreamMarks, tooLarge } from './limited-body.js';
import { ModelCallError } from './model-error.js';

type Fetch = typeof globalThis.fetch;

/** Most bytes that are read of an error's body. */
const ERROR_BYTES = 65_536;
/** Most bytes of a file of a batch, which is kept as one text. */
const FILE_BYTES = 2 ** 29 - 2 ** 20;
/** Most redirects that are followed. */
const REDIRECTS = 5;

const marksOf = new WeakMap<Response, StreamMarks>();

/** Marks that the stream of a response has carried beside its events so far. */
export function streamMarks(response: Response): StreamMarks {
  return marksOf.get(response) ?? { ended: false };
}

/**
 * A `fetch` to stand below the SDK: it takes requests, headers and keys to no other host than the one that was
 * named, bounds what is read of an answer, and brings error bodies of every form into the one that the SDK reads.
 *
 * @param where - the server, for messages
 */
export function guardedFetch(where: string, maxAnswerBytes: number): Fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const response = await fetchFromHost(url, init ?? {}, where);
    const { status, headers } = response;
    if (!response.ok) return errorResponse(response);
    if (!response.body) return response;
    const isFile = /\/files\/[^/]+\/content$/.test(url.pathname);
    const most = isFile ? Math.max(FILE_BYTES, maxAnswerBytes) : maxAnswerBytes;
    const length = Number(headers.get('content-length'));
    if (length > most) {
      await response.body.cancel();
      throw tooLarge(where, `${length} bytes`);
    }
    const isStream = headers.get('content-type')?.includes('text/event-stream') === true;
    const marks: StreamMarks | undefined = isStream ? { ended: false } : undefined;
    const body = limitedBody(response.body as ReadableStream<Uint8Array>, most, where, marks);
    const limited = new Response(body, { status, statusText: response.statusText, headers });
    if (marks) marksOf.set(limited, marks);
    return limited;
  };
}

/** Fetches, following redirects within the host: one to another host would take prompts and headers there. */
async function fetchFromHost(start: URL, init: RequestInit, where: string): Promise<Response> {
  let url = start;
  for (let hop = 0; ; hop++) {
    const response = await fetch(url.href, { ...init, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    const isUpgrade =
      next?.protocol === 'https:' && url.protocol === 'http:' && next.port === '' && url.port === '';
    const isSame =
      next !== undefined && (next.origin === url.origin || (isUpgrade && next.hostname === url.hostname));
    const keepsRequest =
      response.status === 307 || response.status === 308 || (init.method ?? 'GET').toUpperCase() === 'GET';
    const canRepeat = init.body === undefined || init.body === null || typeof init.body === 'string';
    if (!next || !isSame || !keepsRequest || !canRepeat || hop >= REDIRECTS)
      throw new ModelCallError('request-refused', {
        expected: `an answer from ${where} itself`,
        received: `a redirect (status ${response.status}) to ${next ? `${next.origin}${next.pathname}` : 'something that is not a URL'}`,
        hint: 'Nothing was sent there. If that is the right server, pass its URL as baseURL.',
        status: response.status,
        isUnbilled: true,
      });
    url = next;
  }
}

/** An error response with its body, at most the beginning of it, in the form that the SDK reads. */
async function errorResponse(response: Response): Promise<Response> {
  const text = await beginning(response);
  const found = readErrorBody(text);
  const headers = new Headers({ 'content-type': 'application/json' });
  for (const name of ['retry-after', 'retry-after-ms', 'x-request-id']) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (found?.retryAfterSeconds !== undefined && !headers.has('retry-after') && !headers.has('retry-after-ms'))
    headers.set('retry-after', String(found.retryAfterSeconds));
  const error = {
    message: found?.message ?? (response.statusText || 'no message'),
    code: found?.code ?? null,
    param: found?.parameter ?? null,
  };
  return Response.json({ error }, { status: response.status, headers });
}

async function beginning(response: Response): Promise<string> {
  if (!response.body) return '';
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of response.body) {
      parts.push(part);
      bytes += part.byteLength;
      // Leaving the loop lets go of the rest.
      if (bytes >= ERROR_BYTES) break;
    }
  } catch {
    // The status has come: what is missing of its explanation changes nothing.
  }
  return Buffer.concat(parts).subarray(0, ERROR_BYTES).toString('utf8');
}
