/** Whose dialect of the OpenAI protocol an answer is written in. */
export type Dialect = 'openai' | 'llama.cpp' | 'ollama' | 'vllm';

/** What the server does with one request. */
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

/** What the server has seen of one model name. */
export interface Seen {
  readonly requests: readonly SeenRequest[];
  readonly mostAtOnce: number;
}
