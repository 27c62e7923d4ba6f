import { PalateError } from '@palate/core';
import type { SentError } from './protocol.js';

/** An error as plain data. */
export function sentError(error: unknown): SentError {
  if (!PalateError.is(error))
    return {
      code: 'internal',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  const { code, message, expected, received, hint, isRetryable } = error;
  return { code, message, expected, received, hint, isRetryable };
}

/** The error that was sent, as one that can be thrown. */
export function receivedError(sent: SentError): Error {
  const { code, message, expected = '', received = '', hint = '', isRetryable } = sent;
  if (code === 'internal') return new Error(message);
  const error = new PalateError(code, { expected, received, hint, isRetryable });
  error.message = message;
  return error;
}
