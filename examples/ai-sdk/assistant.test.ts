import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

interface Chat {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools: readonly { readonly function: { readonly name: string; readonly parameters: object } }[];
}

/** A model that asks for the tool once, and then names what the tool returned, as a real one would. */
function answer({ messages }: Chat): object {
  const last = messages.at(-1);
  if (last?.role !== 'tool')
    return {
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'call-1',
            type: 'function',
            function: {
              name: 'recommend',
              arguments: JSON.stringify({ wish: 'bread baking, no chocolate', highestPrice: 10 }),
            },
          },
        ],
      },
    };
  const found: { title: string; price: number }[] = JSON.parse(last.content);
  const content = found.map(({ title, price }) => `${title} (${price})`).join('; ');
  return { finish_reason: 'stop', message: { role: 'assistant', content } };
}

test('the model is told of the tool, calls it, and answers from what is sold within the price', async () => {
  const asked: Chat[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const chat: Chat = JSON.parse(body);
    asked.push(chat);
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model: 'test',
        choices: [{ index: 0, ...answer(chat) }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Conditions of this process, such as those that lead to sources, hold for the example too.
  const conditions = process.execArgv.filter((each, k, all) => [each, all[k - 1]].includes('--conditions'));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...conditions, '--import=tsx', 'assistant.ts', 'Something for my sourdough, under 10'],
    {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: {
        ...process.env,
        OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
        XDG_CACHE_HOME: await mkdtemp(join(tmpdir(), 'palate-ai-sdk-')),
      },
    },
  );
  server.close();
  expect(asked).toHaveLength(2);
  expect(asked[0]?.tools[0]?.function).toMatchObject({
    name: 'recommend',
    parameters: { type: 'object', required: ['wish'] },
  });
  expect(stdout).toContain("wish: 'bread baking, no chocolate'");
  const named = Array.from(stdout.matchAll(/([^;\n]+) \(([\d.]+)\)/g), ([, title = '', price]) => ({
    title: title.trim(),
    price: Number(price),
  }));
  expect(named).toHaveLength(5);
  for (const { price } of named) expect(price).toBeLessThanOrEqual(10);
  const titles = named.map(({ title }) => title);
  expect(titles.some((title) => /Flour|Sourdough|Dough/.test(title))).toBe(true);
  expect(titles.join()).not.toContain('Chocolate');
});
