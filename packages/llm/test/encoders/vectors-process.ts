/**
 * Encodes 60 texts with a model that notes each text in a file when it begins with it, and tells a hash of all vectors on
 * standard output.
 */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { BatchedEncoder } from '../../src/encoders/batched-encoder.js';

const [cacheDir, log] = process.argv.slice(2) as [string, string];
const encoder = new BatchedEncoder(
  {
    id: 'letters@1',
    width: 4,
    prepare: (text) => ({ input: text, length: text.length, truncated: false }),
    batchSize: () => 5,
    async embed(batch) {
      for (const { input } of batch) appendFileSync(log, `${input}\n`);
      await setTimeout(15);
      return Float32Array.from(
        batch.flatMap(({ input }) => [...createHash('sha256').update(String(input)).digest().subarray(0, 4)]),
      );
    },
  },
  { cacheDir },
);
const { data } = await encoder.encode(Array.from({ length: 60 }, (_, k) => `text ${k}`));
await encoder.close();
console.log(createHash('sha256').update(data).digest('hex'));
