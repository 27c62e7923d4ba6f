import type { Dialect } from './behaviour.js';

interface Message {
  readonly role: string;
  readonly content: string;
}

interface How {
  readonly text?: string | undefined;
  readonly dialect?: Dialect;
  readonly finishReason?: string;
  readonly withoutUsage?: boolean;
}

/** Tokens of the server: words with the blank before them. */
function words(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function answerText(body: Record<string, unknown>, how: How): string {
  if (how.text !== undefined) return how.text;
  const messages = body.messages as Message[];
  return `answer to: ${messages.at(-1)?.content ?? ''}`;
}

/** An error body in OpenAI's form. */
export function errorBody(message: string, code: number | string): unknown {
  return { error: { message, type: 'server_error', param: null, code } };
}

/** Made-up but fixed: the n-th token has log-probability -(n + 1) / 10. */
const logProbability = (n: number): number => -(n + 1) / 10;

function usageOf(body: Record<string, unknown>, completion: number): Record<string, unknown> {
  const messages = (body.messages ?? [{ content: body.prompt }]) as Message[];
  const prompt = messages.reduce((sum, message) => sum + words(message.content).length, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function logprobsOf(body: Record<string, unknown>, pieces: readonly string[], from = 0): unknown {
  if (body.logprobs !== true) return null;
  return {
    content: pieces.map((token, n) => ({
      token,
      logprob: logProbability(from + n),
      bytes: [...Buffer.from(token)],
      top_logprobs: [
        { token, logprob: logProbability(from + n), bytes: null },
        { token: 'no', logprob: -5, bytes: null },
      ].slice(0, (body.top_logprobs as number | undefined) ?? 0),
    })),
  };
}

/** A whole chat completion, with the fields by which the servers differ. */
export function chatBody(body: Record<string, unknown>, how: How): unknown {
  const text = answerText(body, how);
  const pieces = words(text);
  const usage = usageOf(body, pieces.length);
  const choice = {
    index: 0,
    message: { role: 'assistant', content: text } as Record<string, unknown>,
    finish_reason: how.finishReason ?? 'stop',
  };
  const base = { object: 'chat.completion', created: 1_700_000_000, model: body.model };
  const withUsage = how.withoutUsage ? {} : { usage };
  switch (how.dialect ?? 'openai') {
    case 'llama.cpp':
      // llama.cpp: the file as the model, no `refusal`, timings beside usage, a fingerprint of the build.
      return {
        choices: [choice],
        ...base,
        model: '/models/tiny.gguf',
        system_fingerprint: 'b6000-abcdef',
        ...withUsage,
        id: 'chatcmpl-llama',
        timings: { prompt_n: usage.prompt_tokens, predicted_n: usage.completion_tokens, predicted_ms: 12.5 },
        __verbose: { tokens_cached: 3 },
      };
    case 'ollama':
      return {
        id: 'chatcmpl-7',
        ...base,
        system_fingerprint: 'fp_ollama',
        choices: [{ ...choice, message: { ...choice.message, reasoning: 'Let me think.' } }],
        ...withUsage,
      };
    case 'vllm':
      return {
        id: 'chatcmpl-vllm',
        ...base,
        choices: [
          {
            ...choice,
            message: { ...choice.message, reasoning_content: null, tool_calls: [] },
            logprobs: logprobsOf(body, pieces),
            stop_reason: null,
          },
        ],
        ...(how.withoutUsage ? {} : { usage: { ...usage, prompt_tokens_details: null } }),
        prompt_logprobs: null,
        kv_transfer_params: null,
      };
    default:
      return {
        id: 'chatcmpl-1',
        ...base,
        choices: [
          {
            ...choice,
            message: { ...choice.message, refusal: null, annotations: [] },
            logprobs: logprobsOf(body, pieces),
          },
        ],
        ...(how.withoutUsage
          ? {}
          : { usage: { ...usage, completion_tokens_details: { reasoning_tokens: 0 } } }),
        service_tier: 'default',
      };
  }
}

/** The same as chunks of a stream. */
export function chatChunks(body: Record<string, unknown>, how: How): unknown[] {
  const dialect = how.dialect ?? 'openai';
  const pieces = words(answerText(body, how));
  const usage = usageOf(body, pieces.length);
  const wantsUsage = (body.stream_options as { include_usage?: boolean } | undefined)?.include_usage === true;
  const chunk = (choices: unknown[], more: Record<string, unknown> = {}): unknown => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: dialect === 'llama.cpp' ? '/models/tiny.gguf' : body.model,
    choices,
    ...more,
  });
  const choice = (delta: unknown, finish: string | null, logprobs: unknown = null): unknown => ({
    index: 0,
    delta,
    finish_reason: finish,
    ...(dialect === 'ollama' ? {} : { logprobs }),
  });
  const finish = how.finishReason ?? 'stop';
  const chunks: unknown[] = [];
  // Ollama repeats the role in every chunk; llama.cpp opens with null content.
  if (dialect !== 'ollama')
    chunks.push(chunk([choice({ role: 'assistant', content: dialect === 'llama.cpp' ? null : '' }, null)]));
  pieces.forEach((piece, n) => {
    const delta = dialect === 'ollama' ? { role: 'assistant', content: piece } : { content: piece };
    chunks.push(chunk([choice(delta, null, logprobsOf(body, [piece], n))]));
  });
  chunks.push(chunk([choice(dialect === 'ollama' ? { role: 'assistant', content: '' } : {}, finish)]));
  if (wantsUsage && !how.withoutUsage)
    chunks.push(chunk([], dialect === 'llama.cpp' ? { usage, timings: { predicted_ms: 1 } } : { usage }));
  return chunks;
}

/** A legacy completion with `echo`, as vLLM gives it: the prompt's tokens with their log-probabilities. */
export function completionBody(body: Record<string, unknown>): unknown {
  const prompt = String(body.prompt);
  const tokens = words(prompt);
  const offsets: number[] = [];
  let offset = 0;
  for (const token of tokens) {
    offsets.push(offset);
    offset += [...token].length;
  }
  return {
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1_700_000_000,
    model: body.model,
    choices: [
      {
        index: 0,
        text: prompt,
        logprobs: {
          text_offset: offsets,
          token_logprobs: tokens.map((_, n) => (n === 0 ? null : logProbability(n))),
          tokens,
          top_logprobs: null,
        },
        finish_reason: 'length',
      },
    ],
    usage: usageOf(body, 0),
  };
}
