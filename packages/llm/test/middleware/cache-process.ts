/** Asks for 40 answers through a cache, two at a time, and tells each on standard output as it comes. */
import { AnswerCache } from '../../src/middleware/answer-cache.js';
import { withCache } from '../../src/middleware/cache.js';
import { openaiModel } from '../../src/models/openai.js';

const [baseURL, name, dir] = process.argv.slice(2) as [string, string, string];
const cache = await AnswerCache.open(dir);
const model = withCache(openaiModel({ model: name, baseURL, apiKey: 'k' }), { cache });
let next = 0;
// Two workers: at any moment at most two answers are asked for and not yet stored.
await Promise.all(
  [0, 1].map(async () => {
    while (next < 40) {
      const request = { messages: [{ role: 'user' as const, content: `q${next++}` }] };
      const [outcome] = await model.generate([request]);
      if (outcome?.ok) console.log(outcome.result.text);
    }
  }),
);
await cache.close();
