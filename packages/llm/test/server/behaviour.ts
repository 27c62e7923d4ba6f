/** Whose dialect of the OpenAI protocol an answer is written in. */
export type Dialect = 'openai' | 'llama.cpp' | 'ollama' | 'vllm';

/** Behaviour of the server towards one request. */
export type Behaviour =
  /** A proper answer: `text`, or by default `answer to: ` and the last message. */
  | {
      readonly kind: 'answer';
      readonly text?: string;
      readonly dialect?: Dialect;
      readonly finishReason?: string;
      readonly withoutUsage?: boolean;
      /** Milliseconds before the answer begins. */
      readonly delayMs?: number;
    }
  /** A status with an error body, and `Retry-After` if given. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter?: string;
      readonly message?: string;
      /** Repeats the caller's Authorization header in the body, as careless gateways do. */
      readonly echoKey?: boolean;
    }
  /** 400 as long as the request has a `response_format` of one of these types; then `text`. */
  | { readonly kind: 'refuse-format'; readonly types: readonly string[]; readonly text: string }
  /** Accepts the connection and never answers. */
  | { readonly kind: 'hang' }
  /** Announces a body, sends its first half, then destroys the socket; `clean` ends a stream without its end mark. */
  | { readonly kind: 'cut'; readonly clean?: boolean }
  /** Status 200 and `application/json`, but the body is cut JSON. */
  | { readonly kind: 'invalid-json' }
  /** Status 200 and an HTML page. */
  | { readonly kind: 'html' }
  /** Status 200 with `{"error": …}`. */
  | { readonly kind: 'error-in-200'; readonly code?: number | string; readonly message?: string }
  /** Sends the answer byte by byte (or so many `bytes` at once), each after so many milliseconds. */
  | { readonly kind: 'drip'; readonly everyMs: number; readonly bytes?: number }
  /** A body as it is given, with a status (default 200) and a content type (default JSON). */
  | {
      readonly kind: 'raw';
      readonly body: unknown;
      readonly status?: number;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A stream of these events, each the text after `data: ` or, if it has a line break, as it is; then its end. */
  | { readonly kind: 'events'; readonly events: readonly string[] }
  /**
   * `status` with `body` as long as the request has something: a field of its body, `system role`,
   * `empty assistant`, or `several inputs`; else a proper answer with `text`.
   */
  | {
      readonly kind: 'refuse';
      readonly has: string;
      readonly status: number;
      readonly body: unknown;
      readonly text?: string;
    }
  /** A body that never ends: JSON, events, or one event that never ends. */
  | { readonly kind: 'endless'; readonly as: 'json' | 'events' | 'line' | 'error' }
  /** A redirect, to a path of this server or to another server. */
  | { readonly kind: 'redirect'; readonly status: number; readonly to: string }
  /** Answers with the headers of the request, streamed in pieces of 7 characters if asked to stream. */
  | { readonly kind: 'echo-headers' }
  /** An embeddings answer whose vector for a text that has `POISON` in it is this; or fails as a whole. */
  | { readonly kind: 'poisoned'; readonly vector: unknown; readonly whole?: 'nan-literal' | 'status-500' }
  /** A completion with the log-probability of one generated token, and nothing of the prompt. */
  | { readonly kind: 'no-echo' }
  /** An embeddings answer whose vectors come in reverse order (each with its index). */
  | { readonly kind: 'shuffled' };

/** A request as the server saw it. */
export interface SeenRequest {
  readonly path: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds on the server's clock. */
  readonly time: number;
}

/** Record of the requests that the server has seen for one model name. */
export interface Seen {
  readonly requests: readonly SeenRequest[];
  readonly mostAtOnce: number;
}
