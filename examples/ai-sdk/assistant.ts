// A tool of the Vercel AI SDK that recommends: the model decides when to ask for products, and with which wish.
import { fileURLToPath } from 'node:url';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { importDataset } from '@palate/datasets';
import { Engine } from '@palate/engine';
import { generateText, stepCountIs, tool } from 'ai';
import { z } from 'zod';

const file = (name: string) => fileURLToPath(new URL(`../shop/${name}`, import.meta.url));
const { dataset } = await importDataset({ interactions: file('orders.csv'), items: file('products.jsonl') });
await using engine = await Engine.open({ dataset });

const recommend = tool({
  description: 'Finds products of the shop that fit a wish. Only what it returns is sold here.',
  inputSchema: z.object({
    wish: z.string().describe('what is wanted, in words'),
    customer: z.string().optional().describe('id of the customer, where it is known'),
    highestPrice: z.number().optional(),
  }),
  execute: async ({ wish, customer, highestPrice }, { abortSignal }) => {
    const { items } = await engine.recommend(
      {
        user: customer,
        text: wish,
        k: 5,
        explain: true,
        filter: highestPrice === undefined ? undefined : { price: { max: highestPrice } },
      },
      { signal: abortSignal },
    );
    return items.map(({ id, title, reason, attributes }) => ({ id, title, price: attributes.price, reason }));
  },
});

const provider = createOpenAICompatible({
  name: 'local',
  baseURL: process.env.OPENAI_BASE_URL ?? 'http://localhost:11434/v1',
  apiKey: process.env.OPENAI_API_KEY ?? 'none',
});
const { text, steps } = await generateText({
  model: provider(process.env.MODEL ?? 'llama3.1'),
  system: 'You advise the customers of a shop. Name only products that the tool returned, with their prices.',
  prompt: process.argv.slice(2).join(' ') || 'A present for a baker, please, under 20.',
  tools: { recommend },
  stopWhen: stepCountIs(5),
});
for (const { input } of steps.flatMap(({ toolCalls }) => toolCalls)) console.log('asked for', input);
console.log(text);
