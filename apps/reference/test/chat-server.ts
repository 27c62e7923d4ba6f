import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An OpenAI-compatible server on loopback. */
export interface ChatServer extends AsyncDisposable {
  /** Environment in which `palate` asks it. */
  readonly env: Readonly<Record<string, string>>;
  /** Last messages of the requests so far, in their order. */
  readonly prompts: readonly string[];
}

/** Gives the reply to a prompt: the text of an answer, or an error with its status. */
export type Say = (
  prompt: string,
  nth: number,
) => string | { readonly status: number; readonly message: string };

/** Starts a server that answers every chat request as `say` tells; its tokens are a quarter of the characters. */
export async function chatServer(say: Say): Promise<ChatServer> {
  const prompts: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { messages, model } = JSON.parse(Buffer.concat(pieces).toString()) as {
        messages: { content: string }[];
        model: string;
      };
      const prompt = messages.at(-1)?.content ?? '';
      prompts.push(prompt);
      const said = say(prompt, prompts.length);
      const isText = typeof said === 'string';
      response.writeHead(isText ? 200 : said.status, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          isText
            ? {
                id: 'x',
                object: 'chat.completion',
                created: 1,
                model,
                choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: said } }],
                usage: tokens(prompt, said),
              }
            : { error: { message: said.message, type: 'invalid_request_error' } },
        ),
      );
    });
  });
  // A busy machine may send the next request just when a connection was closed for being idle.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    env: {
      PALATE_LLM: 'openai:test-model',
      OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      OPENAI_API_KEY: 'sk-of-the-test',
    },
    prompts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function tokens(prompt: string, answer: string) {
  const [read, written] = [Math.ceil(prompt.length / 4), Math.ceil(answer.length / 4)];
  return { prompt_tokens: read, completion_tokens: written, total_tokens: read + written };
}
