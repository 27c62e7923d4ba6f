import { PalateError } from '@palate/core';
import type { Context } from 'hono';
import type { AppEnv } from './app-parts.js';
import { LIMITS } from './limits.js';

/** How many times too large a body may be and still be read to its end, so that the client reads the refusal. */
const READ_ON = 16;

/**
 * Reads the body of a request as JSON.
 *
 * @throws PalateError of code `unsupported-media-type`, `body-too-large` or `invalid-json`
 */
export async function jsonBody(c: Context<AppEnv>): Promise<unknown> {
  const type = c.req.header('content-type') ?? '';
  // Pages of other origins can send forms and plain texts without being asked, JSON not.
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new PalateError('unsupported-media-type', {
      expected: 'a body with the content type application/json',
      received: type === '' ? 'none' : JSON.stringify(type),
      hint: 'Send the header content-type: application/json.',
    });
  const isBounded = Number(c.req.header('content-length') ?? Number.NaN) <= LIMITS.bodyBytes;
  const text = isBounded ? await c.req.text() : await boundedText(c.env.incoming);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PalateError('invalid-json', {
      expected: 'a body that is JSON',
      received: (cause as Error).message,
      hint: 'Check quotes, commas and brackets.',
      cause,
    });
  }
}

/** A body of unknown or too large a length. */
async function boundedText(incoming: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size <= LIMITS.bodyBytes) chunks.push(chunk);
    else if (size > READ_ON * LIMITS.bodyBytes) break;
  }
  if (size <= LIMITS.bodyBytes) return Buffer.concat(chunks).toString('utf8');
  throw new PalateError('body-too-large', {
    expected: `a body of at most ${LIMITS.bodyBytes} bytes`,
    received: 'a larger one',
    hint: 'Send less at a time.',
  });
}
