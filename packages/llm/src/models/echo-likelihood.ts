import type { LikelihoodRequest, LikelihoodResult } from '@palate/core';
import { badBody } from './chat-format.js';
import { ModelCallError } from './model-error.js';
import type { OpenAIConnection } from './openai-connection.js';
import type { CallOptions } from './single-calls.js';

interface WireEcho {
  readonly text?: unknown;
  readonly logprobs?: {
    readonly text_offset?: readonly number[] | null | undefined;
    readonly tokens?: readonly string[] | null | undefined;
    readonly token_logprobs?: readonly (number | null)[] | null | undefined;
  } | null;
}

const WHAT = 'a log-likelihood';

/**
 * Log-likelihoods of continuations by the completions endpoint, which echoes the prompt with its log-probabilities
 * (vLLM). Servers that refuse to write nothing write one token, which does not count.
 */
export function echoLikelihood(
  connection: OpenAIConnection,
  model: string,
): (request: LikelihoodRequest, call: CallOptions) => Promise<LikelihoodResult> {
  let writtenTokens = 0;
  const ask = (
    request: LikelihoodRequest,
    { signal }: CallOptions,
    maxTokens: number,
  ): Promise<LikelihoodResult> =>
    connection.call(WHAT, signal, async (client, either) => {
      const body: unknown = await client.completions.create(
        {
          model,
          prompt: request.prompt + request.continuation,
          max_tokens: maxTokens,
          echo: true,
          logprobs: 0,
          temperature: 0,
        },
        { signal: either },
      );
      const choice = (body as { choices?: readonly WireEcho[] } | null)?.choices?.[0];
      if (!choice) throw badBody(body, connection, WHAT);
      return sumOfEcho(choice, request, connection.where);
    });
  return async (request, call) => {
    const sent = writtenTokens;
    try {
      return await ask(request, call, sent);
    } catch (error) {
      if (sent > 0 || !isRefusalOfNothing(error)) throw error;
      await call.beforeFurther?.(error);
      const result = await ask(request, call, 1);
      writtenTokens = 1;
      return result;
    }
  };
}

const isRefusalOfNothing = (error: unknown): boolean =>
  error instanceof ModelCallError &&
  (error.status === 400 || error.status === 422) &&
  /max_tokens|max_new_tokens/.test(`${error.parameter ?? ''} ${error.received}`);

/** Sums the log-probabilities of the tokens that reach into the continuation. */
function sumOfEcho(
  { text, logprobs }: WireEcho,
  request: LikelihoodRequest,
  where: string,
): LikelihoodResult {
  const { prompt, continuation } = request;
  const tokens = logprobs?.tokens;
  const values = logprobs?.token_logprobs;
  if (!tokens || !values || tokens.length === 0 || tokens.length !== values.length)
    throw noEcho(where, 'an answer without log-probabilities');
  if (typeof text === 'string' && !text.includes(continuation.trim()))
    throw noEcho(where, 'log-probabilities of what was generated, without the prompt');
  // Offsets count code points, as the servers' Python does.
  const lengths = tokens.map((token) => [...token].length);
  const offsets = logprobs?.text_offset ?? startsOf(lengths);
  const start = [...prompt].length;
  const whole = start + [...continuation].length;
  let sum = 0;
  let count = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const [n, value] of values.entries()) {
    const begin = offsets[n] ?? Number.POSITIVE_INFINITY;
    const end = offsets[n + 1] ?? begin + (lengths[n] ?? 0);
    // Some servers cannot write nothing: their one token more does not count.
    if (end <= start || begin >= whole) continue;
    if (typeof value !== 'number' || !Number.isFinite(value) || value > 1e-6)
      throw noEcho(
        where,
        `${JSON.stringify(value)} as the log-probability of token ${n} (${JSON.stringify(tokens[n])}), which the continuation has`,
      );
    sum += value;
    count++;
    from = Math.min(from, begin);
    to = Math.max(to, end);
  }
  const blanks = continuation.length - continuation.trimEnd().length;
  if (
    continuation !== '' &&
    (count === 0 || from > start + leadingBlanks(continuation) || to < whole - blanks)
  )
    throw noEcho(where, 'log-probabilities that do not cover the continuation');
  return { logLikelihood: sum, tokens: count };
}

/** Where each token begins, if each follows the one before it. */
function startsOf(lengths: readonly number[]): number[] {
  const starts: number[] = [];
  let length = 0;
  for (const own of lengths) {
    starts.push(length);
    length += own;
  }
  return starts;
}

const leadingBlanks = (text: string): number => text.length - text.trimStart().length;

function noEcho(where: string, received: string): ModelCallError {
  return new ModelCallError('bad-answer', {
    expected: `the prompt echoed with the log-probability of each of its tokens by ${where}`,
    received,
    hint: "Use a server whose completions endpoint has echo with logprobs (vLLM), or a local model; without it leave out likelihood: 'echo'.",
  });
}
