// Asks by batches until it is killed: folder, base URL of the server.
import { generateByBatch } from '@palate/llm';
import { answerJob, BatchQueue } from '../src/index.js';

const [, , dir = '', baseURL = ''] = process.argv;
const queue = new BatchQueue({
  dir,
  answer: (requests, options) =>
    generateByBatch(requests, {
      ...options,
      model: 'tiny',
      baseURL,
      apiKey: 'sk-batch',
      // A batch takes hours: nobody looks again before the kill.
      pollSeconds: 10_000,
      onProgress: () => process.stdout.write('waiting\n'),
    }),
});
const job = answerJob({ id: 'test:tiny', generate: async () => [] });
await queue.run(
  job,
  ['a', 'b', 'c'].map((content) => ({ messages: [{ role: 'user', content }] })),
);
