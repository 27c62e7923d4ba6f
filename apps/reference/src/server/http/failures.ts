import { PalateError } from '@palate/core';
import type { z } from 'zod';

/** HTTP status of each code that is not the fault of the server. */
const STATUS: Readonly<Record<string, number>> = {
  'invalid-input': 400,
  'invalid-json': 400,
  unsupported: 400,
  leak: 400,
  unauthorized: 401,
  'forbidden-host': 403,
  'unknown-id': 404,
  'not-found': 404,
  'method-not-allowed': 405,
  'not-fitted': 409,
  'not-cancellable': 409,
  'body-too-large': 413,
  'unsupported-media-type': 415,
  'too-many-requests': 429,
  overloaded: 429,
  cancelled: 499,
  'not-ready': 503,
  'engine-stopped': 503,
  'timed-out': 503,
  'store-full': 503,
  'store-read-only': 503,
  'store-closed': 503,
  'store-locked': 503,
  'store-failed': 503,
};

/** A failure as it goes to the client. */
export interface Failure {
  readonly status: number;
  readonly body: {
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly expected?: string;
      readonly received?: string;
      readonly hint?: string;
    };
  };
}

/** Tells a client of an error; of faults of the server only that there was one. */
export function failureOf(error: unknown): Failure {
  const status = PalateError.is(error) ? STATUS[error.code] : undefined;
  if (!PalateError.is(error) || status === undefined)
    return {
      status: 500,
      body: { error: { code: 'internal', message: 'The server failed; its log says why.' } },
    };
  const { code, message, expected, received, hint } = error;
  return { status, body: { error: { code, message, expected, received, hint } } };
}

/**
 * Input, checked by a schema.
 *
 * @param where - what an error names: body or query
 * @throws PalateError of code `invalid-input` with the first fault that the schema found
 */
export function checked<T>(schema: z.ZodType<T>, given: unknown, where: 'body' | 'query'): T {
  const { data, error } = schema.safeParse(given);
  if (!error) return data;
  const [issue] = error.issues;
  const path = (issue?.path ?? []).map((part) =>
    typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
  );
  throw new PalateError('invalid-input', {
    expected: `${where}${path.join('')} as in the description of the interface`,
    received: issue?.message ?? 'something else',
    hint: 'See /reference.',
  });
}
