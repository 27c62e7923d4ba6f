/** Asks for 60 answers of 20 KB through a cache whose files may not grow so far, and tells on standard output how it went. */
import { AnswerCache } from '../../src/middleware/answer-cache.js';
import { withCache } from '../../src/middleware/cache.js';
import { languageModel } from '../../src/models/single-calls.js';

const [dir] = process.argv.slice(2) as [string];
const warnings: string[] = [];
process.on('warning', (warning) => warnings.push((warning as { code?: string }).code ?? ''));
const cache = await AnswerCache.open(dir);
let asked = 0;
const model = withCache(
  languageModel({
    id: 'dear',
    concurrency: 1,
    generate: async () => {
      asked++;
      // Not to be compressed.
      const text = Array.from({ length: 2000 }, (_, k) => Math.sin(k + asked).toString(36)).join(' ');
      return {
        text: text.slice(0, 20_000),
        usage: { inputTokens: 1, outputTokens: 1 },
        finishReason: 'stop',
        model: 'dear',
      };
    },
  }),
  { cache },
);
const requests = Array.from({ length: 60 }, (_, k) => ({
  messages: [{ role: 'user' as const, content: `q${k}` }],
}));
const outcomes = [];
for (const request of requests) outcomes.push(...(await model.generate([request])));
const again = asked;
const stored = requests.filter((request) => cache.has(model, request));
await model.generate(stored);
console.log(
  JSON.stringify({
    answered: outcomes.filter(({ ok }) => ok).length,
    stored: stored.length,
    notStored: cache.notStored,
    askedAgain: asked - again,
    warnings,
  }),
);
await cache.close();
