import { isObject, printable } from '@palate/core';

/** Reads the words of a server about a failure, whatever form its body has. */
export interface ServerError {
  /** The server's own words on one line, at most 500 characters. */
  readonly message: string;
  /** Its code or type, where it names one. */
  readonly code?: string | number | undefined;
  /** The parameter of the request that it names. */
  readonly parameter?: string | undefined;
  /** HTTP status that the body itself tells, or that its code or type amounts to. */
  readonly status?: number | undefined;
  /** Seconds that the body asks to wait. */
  readonly retryAfterSeconds?: number | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields | undefined => (isObject(value) ? value : undefined);

/**
 * Reads an error body: of OpenAI, Ollama, llama.cpp and Anthropic (`error`), older vLLM and Mistral
 * (`object: "error"`), FastAPI (`detail`, a text or a list of fields), Text Embeddings Inference (`error` and
 * `error_type`), Gemini (a list with one `error`, with `RetryInfo`), Cohere and gateways (`message`), problem
 * documents (`title`), Zhipu, Baidu and MiniMax (`msg`, `error_msg`, `base_resp`), or a page of HTML.
 *
 * @returns undefined for a body that tells of no error
 */
export function readErrorBody(body: unknown): ServerError | undefined {
  if (typeof body === 'string') {
    const parsed = parseJson(body);
    if (typeof parsed === 'object' && parsed !== null) return readErrorBody(parsed);
    const message = shorten(withoutTags(body));
    return message === '' ? undefined : { message };
  }
  if (Array.isArray(body)) return body.length > 0 ? readErrorBody(body[0]) : undefined;
  const fields = fieldsOf(body);
  if (!fields) return undefined;
  // Of MiniMax, which sends it with every answer; 0 is none.
  const base = fieldsOf(fields.base_resp)?.status_code === 0 ? undefined : fields.base_resp;
  const inner =
    [fields.error, fields.message, fields.detail, base].map(objectIn).find((one) => one !== undefined) ?? {};
  const message = [
    fields.error,
    fields.detail,
    fields.message,
    fields.Message,
    fields.errors,
    fields.title,
    fields.msg,
    fields.error_msg,
    base,
  ]
    .map((one) => wordsOf(one))
    .find((words) => words !== '');
  const isMarked = fields.object === 'error' || fields.type === 'error';
  if (message === undefined) {
    if (!isMarked && (fields.error === undefined || fields.error === null || fields.error === false))
      return undefined;
    return { message: shorten(JSON.stringify(body)) };
  }
  const code = [
    inner.code,
    fields.code,
    inner.type,
    inner.status,
    fields.error_type,
    fields.__type,
    fields.type,
    fields.status,
  ]
    .filter((one) => typeof one === 'number' || (typeof one === 'string' && one !== '' && one !== 'error'))
    .map((one) => one as string | number);
  const parameter = [inner.param, fields.param, lastOf(inner.detail), lastOf(fields.detail)].find(
    (one) => typeof one === 'string',
  ) as string | undefined;
  return {
    message: shorten(message),
    code: code[0],
    parameter,
    status: statusOf(code, message),
    retryAfterSeconds: retryDelay(inner.details),
  };
}

/** An object of an error's fields, also one that is written as JSON into a text. */
const objectIn = (value: unknown): Fields | undefined =>
  fieldsOf(typeof value === 'string' && value.trimStart().startsWith('{') ? parseJson(value) : value);

/** The field that the first entry of FastAPI's list is about. */
function lastOf(detail: unknown): unknown {
  const { loc } = (Array.isArray(detail) ? fieldsOf(detail[0]) : undefined) ?? {};
  return Array.isArray(loc) ? loc.at(-1) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The words of an error: a text, a list of them, FastAPI's list of fields, or an object around any of these. */
function wordsOf(value: unknown, depth = 4): string {
  if (typeof value === 'string') {
    const parsed = value.startsWith('{') && depth > 0 ? fieldsOf(parseJson(value)) : undefined;
    return parsed ? wordsOf(parsed, depth - 1) || value : value.trim();
  }
  if (depth === 0) return '';
  if (Array.isArray(value))
    return value
      .slice(0, 5)
      .map((one) => wordsOf(one, depth - 1))
      .filter((words) => words !== '')
      .join('; ');
  const fields = fieldsOf(value);
  if (!fields) return '';
  const own = [fields.message, fields.msg, fields.detail, fields.error, fields.title, fields.status_msg]
    .map((one) => wordsOf(one, depth - 1))
    .find((words) => words !== '');
  if (own === undefined) return '';
  const at = Array.isArray(fields.loc) ? `${fields.loc.join('.')}: ` : '';
  // Gateways keep the words of the server behind them apart.
  const behind = wordsOf(fieldsOf(fields.metadata)?.raw, depth - 1);
  return `${at}${own}${behind !== '' && behind !== own ? ` (${behind})` : ''}`;
}

const withoutTags = (page: string): string =>
  page
    .slice(0, 20_000)
    .replace(/<(script|style)\b[^>]*>[^<]*/gi, ' ')
    .replace(/<[^<>]*>/g, ' ');

const shorten = (text: string): string => {
  const line = printable(text.slice(0, 4000)).replace(/\s+/g, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
};

/** Codes and types of servers, and the HTTP statuses that they amount to; the first that fits. */
const MEANINGS: readonly (readonly [RegExp, number])[] = [
  [/insufficient_quota|billing|credit|balance|payment/i, 402],
  [/rate.?limit|too.?many.?requests|resource.?exhausted|throttl/i, 429],
  [/authentication|unauthenticated|unauthori[sz]ed|invalid.?api.?key|api_key_invalid/i, 401],
  [/permission|forbidden/i, 403],
  [/not.?found/i, 404],
  [/overloaded|unavailable|capacity|loading/i, 503],
  [/time.?out|deadline.?exceeded/i, 504],
  [
    /invalid.?(request|argument|type|value)|bad.?request|validation|context.?length|failed.?precondition|unprocessable|unsupported|tokenizer/i,
    400,
  ],
  [/internal|server.?error|api_error|^backend$|unhealthy|engine/i, 500],
];

/** Words that mean the same in every server's sentences. */
const SENTENCES: readonly (readonly [RegExp, number])[] = [
  [/(invalid|incorrect|expired) api key|api key (is )?(not valid|invalid|expired)/i, 401],
  [/not authenticated|unauthori[sz]ed|invalid api token|authentication (failed|required)/i, 401],
  [/model\b.{0,80}\b(not found|does not exist)/i, 404],
  [/rate.?limit|too many requests/i, 429],
  [/context (length|size|window)|maximum context/i, 400],
  [/(model|server|engine) is (currently )?(overloaded|loading)/i, 503],
];

function statusOf(codes: readonly (string | number)[], message: string): number | undefined {
  for (const code of codes) {
    const status = Number(code);
    if (status >= 400 && status < 600) return status;
  }
  for (const code of codes)
    for (const [pattern, status] of MEANINGS) if (pattern.test(String(code))) return status;
  return SENTENCES.find(([pattern]) => pattern.test(message))?.[1];
}

/** Google's `RetryInfo` among the details of an error: `"retryDelay": "34.5s"`. */
function retryDelay(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  for (const one of details) {
    const found = /^(\d+(?:\.\d+)?)s$/.exec(String(fieldsOf(one)?.retryDelay ?? ''));
    if (found) return Number(found[1]);
  }
  return undefined;
}
