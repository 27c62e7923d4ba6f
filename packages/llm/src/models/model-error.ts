import { PalateError, type PalateErrorDetails } from '@palate/core';

/** Why a call to a model failed. */
export type ModelErrorCode =
  /** Too many requests or tokens; see `retryAfterSeconds`. Retryable unless the account's quota is used up. */
  | 'rate-limited'
  /** The server failed (5xx). Retryable. */
  | 'server-failed'
  /** No whole answer in time. Retryable. */
  | 'timed-out'
  /** The server could not be reached, or dropped the connection. Retryable. */
  | 'connection-failed'
  /** An answer that is none: broken JSON, another content type, an error body under status 200. */
  | 'bad-answer'
  /** A stream that ended before its end mark. Retryable. */
  | 'stream-cut'
  /** The key is missing, wrong, or may not use this model (401, 403). */
  | 'not-authorised'
  /** The server understood and refused (other 4xx). */
  | 'request-refused';

/**
 * A call to a language model or an embedding service that failed.
 *
 * No API key is ever part of it: message, stack and cause are cleaned before they come here.
 */
export class ModelCallError extends PalateError {
  declare readonly code: ModelErrorCode;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** How long the server asks to wait, in seconds (`Retry-After`), where it does. */
  readonly retryAfterSeconds: number | undefined;
  /** The parameter of the request that the server named as the reason, where it did. */
  readonly parameter: string | undefined;
  /** True when nothing can have been generated, hence nothing billed. */
  readonly isUnbilled: boolean;

  constructor(
    code: ModelErrorCode,
    details: PalateErrorDetails & {
      readonly status?: number | undefined;
      readonly retryAfterSeconds?: number | undefined;
      readonly isUnbilled?: boolean | undefined;
      readonly parameter?: string | undefined;
    },
  ) {
    super(code, details);
    this.name = 'ModelCallError';
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.isUnbilled = details.isUnbilled ?? false;
    this.parameter = details.parameter;
  }
}
