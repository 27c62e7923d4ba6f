// A text encoder that works: words hashed into a vector. Batches, cache, order and norm are those of `BatchedEncoder`.

/** The source of a new encoder. */
export const encoder = ({
  file,
  camel,
  type,
  constant,
}) => `import { defineOptions, type OptionsOf, option, wordsOf } from '@palate/core';
import { BatchedEncoder } from './batched-encoder.js';
import type { EmbeddingModel } from './embedding-model.js';

/** Options of {@link ${camel}Encoder}. */
export const ${constant} = defineOptions(
  '${camel}Encoder',
  {
    width: option.integer({ min: 1, max: 65_536 })({ default: 256, doc: 'width of the vectors' }),
    cacheDir: option.text().optional({
      doc: 'folder in which vectors are kept, so that a text is encoded once; none are kept if left out',
    }),
  },
  [],
);

/** Options of {@link ${camel}Encoder}; {@link ${constant}} says what each does. */
export type ${type}Options = OptionsOf<typeof ${constant}.declarations>;

/**
 * Counts a text's words by their hash. (Say here what the model is, what it reads, and where its weights come from.)
 *
 * @throws InvalidInputError for options that are unknown or out of bounds
 */
export async function ${camel}Encoder(options: ${type}Options = {}): Promise<BatchedEncoder> {
  const { width, cacheDir } = ${constant}.settings(options);
  const model: EmbeddingModel = {
    id: \`${file}-\${width}\`,
    width,
    prepare: (text) => ({ input: text, length: text.length, truncated: false }),
    batchSize: () => 64,
    async embed(batch) {
      const vectors = new Float32Array(batch.length * width);
      for (const [row, { input }] of batch.entries()) {
        // An own entry for every text, so that one without words has a direction too.
        vectors[row * width]! += 0.1;
        for (const word of wordsOf(String(input))) vectors[row * width + (hashOf(word) % width)]! += 1;
      }
      return vectors;
    },
  };
  return new BatchedEncoder(model, { cacheDir });
}

/** FNV-1a, 32 bits. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(word)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
`;

/** The test of a new encoder. */
export const encoderTest = ({ file, camel }) => `import { expect, test } from 'vitest';
import { ${camel}Encoder } from '../../src/encoders/${file}.js';

const TEXTS = ['a heist goes wrong', '', 'A heist goes wrong', 'two robots fall in love'];

test('${file} gives every text one vector of norm 1, in order, alike alone and among others', async () => {
  const encoder = await ${camel}Encoder();
  const { data, width } = await encoder.encode(TEXTS);
  const row = (k: number) => data.subarray(k * width, (k + 1) * width);
  for (const k of TEXTS.keys())
    expect(row(k).reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
  const alone = await encoder.encode([TEXTS[3] as string]);
  for (const [k, value] of alone.data.entries()) expect(value).toBeCloseTo(row(3)[k] as number, 5);
});

test('${file} puts texts of like meaning nearer than others', async () => {
  const { data, width } = await (await ${camel}Encoder()).encode(TEXTS);
  const product = (a: number, b: number): number => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += data[a * width + k]! * data[b * width + k]!;
    return sum;
  };
  expect(product(0, 2)).toBeGreaterThan(product(0, 3));
});

test('${file} refuses what it does not read', async () => {
  await expect(${camel}Encoder({ cashDir: 'x' } as never)).rejects.toThrow('cacheDir');
  await expect((await ${camel}Encoder()).encode([5 as never])).rejects.toThrow('number at position 0');
});
`;
