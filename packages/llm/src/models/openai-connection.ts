import {
  defineOptions,
  InvalidInputError,
  isObject,
  type OptionsOf,
  option,
  PalateError,
} from '@palate/core';
import OpenAI from 'openai';
import { Gate } from './gate.js';
import { guardedFetch } from './guarded-fetch.js';
import { fromSdkError } from './openai-errors.js';
import { type Redact, redactor } from './redact.js';
import { withinTime } from './within-time.js';

const isHeaders = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((header) => typeof header === 'string');

/** Options that say where an OpenAI-compatible server is and how it is spoken to. */
export const OPENAI_CONNECTION = defineOptions(
  'OpenAIConnection',
  {
    baseURL: option.text().optional({
      doc: "address of the server (Ollama: `http://localhost:11434/v1`); left out: the environment's `OPENAI_BASE_URL`, else OpenAI's own. A name and password in it (`https://user:pass@host/v1`) are sent as basic authentication, in place of a key",
    }),
    apiKey: option.text().optional({
      doc: "left out: the environment's `OPENAI_API_KEY`, but only towards the environment's or OpenAI's own address: a server named in `baseURL` never gets a key that was not meant for it",
    }),
    headers: option
      .value<Readonly<Record<string, string>>>('an object of texts by header name', isHeaders)
      .optional({ doc: 'further headers; treated as secret, like the key' }),
    timeoutSeconds: option.number({ min: 0.001 })({
      default: 120,
      doc: 'time limit for a whole answer or, when streaming, for its next piece, in seconds',
    }),
    concurrency: option.integer({ min: 1 })({
      default: 16,
      doc: 'most requests in flight at once over this connection',
    }),
    maxAnswerBytes: option.integer({ min: 1 })({
      default: 64 * 2 ** 20,
      defaultText: '64 MiB',
      doc: 'most bytes of an answer; a larger one fails',
    }),
  },
  [],
);

/** Where an OpenAI-compatible server is and how it is spoken to; {@link OPENAI_CONNECTION} says what each does. */
export type OpenAIConnectionOptions = OptionsOf<typeof OPENAI_CONNECTION.declarations>;

const OPENAI_URL = 'https://api.openai.com/v1';
/** The longest that a timer waits. */
const LONGEST_MS = 2_147_483_647;

/**
 * A connection to an OpenAI-compatible server by the official SDK, without its retries: deadlines for whole
 * answers, a bound on requests in flight, and every failure as a ModelCallError free of keys.
 *
 * @throws InvalidInputError if OpenAI itself is meant and there is no key
 */
export class OpenAIConnection {
  /** True when the server is OpenAI itself, false for compatible ones. */
  readonly isOpenAI: boolean;
  readonly concurrency: number;
  /** The server's URL without credentials, for messages. */
  readonly where: string;
  /** Takes this connection's secrets out of a text. */
  readonly redact: Redact;
  readonly #client: OpenAI;
  readonly #gate: Gate;
  readonly #timeoutMs: number;

  constructor(options: OpenAIConnectionOptions = {}) {
    const settings = OPENAI_CONNECTION.settings(options);
    const fromEnvironment = process.env.OPENAI_BASE_URL || OPENAI_URL;
    const baseURL = settings.baseURL ?? fromEnvironment;
    const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
      throw new InvalidInputError({
        expected: 'a URL of http or https as baseURL',
        received: url ? `one of ${url.protocol}` : 'something else',
        hint: 'Pass for example http://localhost:11434/v1.',
      });
    const basic = basicAuthentication(url);
    if (basic !== undefined && settings.apiKey !== undefined)
      throw new InvalidInputError({
        expected: 'one way to authenticate',
        received: 'apiKey, and a name and password in baseURL',
        hint: 'Pass one of them; further headers go into headers.',
      });
    const ownKey = settings.baseURL === undefined || settings.baseURL === fromEnvironment;
    const apiKey = settings.apiKey ?? (ownKey ? process.env.OPENAI_API_KEY : undefined);
    this.isOpenAI = url.hostname === 'api.openai.com';
    if (!apiKey && basic === undefined && this.isOpenAI)
      throw new InvalidInputError({
        expected: 'an API key for api.openai.com',
        received: 'none',
        hint: 'Set OPENAI_API_KEY, pass apiKey, or name a local server in baseURL.',
      });
    this.concurrency = settings.concurrency;
    this.#timeoutMs = Math.min(LONGEST_MS, 1000 * settings.timeoutSeconds);
    this.#gate = new Gate(this.concurrency);
    const headers = { ...(basic !== undefined && { authorization: basic }), ...settings.headers };
    this.redact = redactor([apiKey, url.password, decoded(url.password), basic, ...Object.values(headers)]);
    checkHeaders({ ...(apiKey && { apiKey: `Bearer ${apiKey}` }), ...headers });
    // fetch refuses URLs with a password in them.
    url.username = '';
    url.password = '';
    this.where = `${url.protocol}//${url.host}${url.pathname}`;
    this.#client = new OpenAI({
      // Local servers want no key, but the SDK wants a text.
      apiKey: apiKey || 'none',
      baseURL: url.href.replace(/\/$/, ''),
      fetch: guardedFetch(this.where, settings.maxAnswerBytes),
      maxRetries: 0,
      // The SDK's own timer stops at the headers; ours covers the body too. Its longest is 2^31 - 1.
      timeout: LONGEST_MS,
      logLevel: 'off',
      // The SDK would send these of the environment to any server.
      ...(!ownKey && { organization: null, project: null }),
      ...(Object.keys(headers).length > 0 && { defaultHeaders: headers }),
    });
  }

  /**
   * Makes a call.
   *
   * @param what - the call, for messages
   * @param work - sends and reads; it has to pass the signal on, and to call `alive` at each sign of life of a
   *   long answer, which starts the wait anew
   * @throws ModelCallError if it fails, CancelledError if `signal` fires
   */
  async call<T>(
    what: string,
    signal: AbortSignal | undefined,
    work: (client: OpenAI, signal: AbortSignal, alive: () => void) => Promise<T>,
  ): Promise<T> {
    const milliseconds = this.#timeoutMs;
    const expected = `${what} at ${this.where} to be answered within ${milliseconds / 1000} s`;
    return this.#gate.run(signal, () =>
      withinTime(
        { what, expected, milliseconds },
        signal,
        (either, alive) => work(this.#client, either, alive),
        (error) => (PalateError.is(error) ? error : fromSdkError(error, what, this.where, this.redact)),
      ),
    );
  }
}

/** The header that a URL's name and password amount to, or none. */
function basicAuthentication(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const plain = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(plain).toString('base64')}`;
}

/** A part of a URL without its percent codes; as it is where they are none. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Refuses headers that cannot be sent, by name: what is in them is secret. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers))
    try {
      new Headers({ [name]: value });
    } catch {
      throw new InvalidInputError({
        expected: 'a key and headers of ASCII characters without line breaks',
        received: `${name} with something else in it`,
        hint: 'Copy it again: it may contain an invisible character or a quotation mark.',
      });
    }
}
