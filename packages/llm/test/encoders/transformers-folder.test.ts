import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transformersEncoder, transformersModel } from '../../src/index.js';
import { writeBigramModel } from '../models/bigram-model.js';

const TINY = fileURLToPath(new URL('../fixtures/tiny-bert', import.meta.url));
/** As many tokens as the model has positions for, by its config.json. */
const POSITIONS = 64;

let base: string;
const asked: string[] = [];
const realFetch = globalThis.fetch;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'palate-folders-'));
  globalThis.fetch = async (input) => {
    asked.push(String(input));
    throw new TypeError('a folder was given: nothing is to be asked for');
  };
});
afterAll(async () => {
  globalThis.fetch = realFetch;
  await rm(base, { recursive: true, force: true });
});

let names = 0;
/** A copy of the model without some files. */
async function folder(...without: string[]): Promise<string> {
  const dir = join(base, `tiny-${++names}`);
  await cp(TINY, dir, { recursive: true });
  for (const file of without) await rm(join(dir, file));
  return dir;
}

describe('a model folder', () => {
  it('needs no tokenizer_config.json to give the vectors that PyTorch gives', async () => {
    const { texts, mean_pooled_normalized: vectors } = JSON.parse(
      await readFile(join(TINY, 'expected.json'), 'utf8'),
    ) as { texts: string[]; mean_pooled_normalized: number[][] };
    const encoder = await transformersEncoder({ model: await folder('tokenizer_config.json') });
    const { data, width } = await encoder.encode(texts);
    for (const [row, vector] of vectors.entries())
      for (const [k, value] of vector.entries())
        expect(Math.abs(value - (data[row * width + k] as number))).toBeLessThan(1e-5);
  });

  it('without model_max_length cuts texts to the positions of the model, and counts them', async () => {
    const dir = await folder();
    const path = join(dir, 'tokenizer_config.json');
    const { model_max_length, ...config } = JSON.parse(await readFile(path, 'utf8'));
    expect(model_max_length).toBe(POSITIONS);
    await writeFile(path, JSON.stringify(config));
    const [with_, without, bare] = await Promise.all(
      [TINY, dir, await folder('tokenizer_config.json')].map((model) => transformersEncoder({ model })),
    );
    const texts = ['love', 'a hero '.repeat(100), 'a hero '.repeat((POSITIONS - 2) / 2)];
    const expected = await with_?.encode(texts);
    expect(expected?.truncated).toBe(1);
    expect(await without?.encode(texts)).toEqual(expected);
    expect(await bare?.encode(texts)).toEqual(expected);
    await expect(transformersEncoder({ model: dir, maxTokens: POSITIONS + 1 })).rejects.toMatchObject({
      code: 'invalid-input',
      expected: expect.stringContaining(`at most ${POSITIONS}`),
    });
  });

  it.each(['config.json', 'tokenizer.json', join('onnx', 'model.onnx')])(
    'without %s says that it is missing',
    async (file) => {
      const model = await folder(file);
      for (const load of [transformersEncoder, transformersModel])
        await expect(load({ model })).rejects.toMatchObject({
          code: 'invalid-input',
          expected: expect.stringContaining(`the file ${file}`),
        });
    },
  );

  it('of another dtype says which file is missing', async () => {
    await expect(transformersEncoder({ model: TINY, dtype: 'q8' })).rejects.toThrow(/model_quantized\.onnx/);
  });

  it('that is not there is told, and one that is there is never taken for a model of the hub', async () => {
    await expect(transformersEncoder({ model: join(base, 'absent') })).rejects.toThrow(/no such folder/);
    const dir = await folder();
    const before = process.cwd();
    process.chdir(base);
    try {
      const encoder = await transformersEncoder({ model: basename(dir) });
      expect(encoder.id).toMatch(/^transformers:tiny-\d+@[0-9a-f]{8}:fp32:mean$/);
    } finally {
      process.chdir(before);
    }
  });

  it('with a damaged file names it', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'tokenizer.json'), '{"half":');
    await expect(transformersEncoder({ model: dir })).rejects.toThrow(/JSON in .*tokenizer\.json/);
  });

  it.each([
    ['config.json', '[]', /object of JSON in .*config\.json.*an array/s],
    ['config.json', '{"half":', /JSON in .*config\.json/],
    ['tokenizer.json', '{}', /"model", in .*tokenizer\.json/],
    ['tokenizer_config.json', 'version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
  ])('with %s that holds %j says so', async (file, content, words) => {
    const dir = await folder();
    await writeFile(join(dir, file), content);
    for (const load of [transformersEncoder, transformersModel])
      await expect(load({ model: dir })).rejects.toThrow(words);
  });

  it('takes from the tokenizer the special tokens that tokenizer_config.json leaves out', async () => {
    const dir = await folder();
    await writeFile(
      join(dir, 'tokenizer_config.json'),
      JSON.stringify({ model_max_length: 0, tokenizer_class: 'BertTokenizer' }),
    );
    const texts = ['love', 'a hero '.repeat(100)];
    expect(await (await transformersEncoder({ model: dir })).encode(texts)).toEqual(
      await (await transformersEncoder({ model: TINY })).encode(texts),
    );
  });

  it('of any name is read', async () => {
    const dir = join(base, 'a b#c%20é');
    await cp(TINY, dir, { recursive: true });
    expect((await (await transformersEncoder({ model: dir })).encode(['love'])).truncated).toBe(0);
  });

  it('is not a file', async () => {
    await expect(transformersEncoder({ model: join(TINY, 'config.json') })).rejects.toThrow(/a file/);
  });

  it('whose weights have another width than config.json says is refused', async () => {
    const dir = await folder();
    const path = join(dir, 'config.json');
    const config = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...config, hidden_size: 99 }));
    const encoder = await transformersEncoder({ model: dir });
    await expect(encoder.encode(['love'])).rejects.toThrow(/hidden_size/);
  });

  it('with a language model needs no tokenizer_config.json either', async () => {
    const dir = join(base, 'bigram');
    await writeBigramModel(dir);
    await rm(join(dir, 'tokenizer_config.json'));
    const model = await transformersModel({ model: dir });
    const [outcome] = await model.generate([
      { messages: [{ role: 'user', content: 'the' }], temperature: 0, maxTokens: 3 },
    ]);
    expect(outcome?.ok && outcome.result.text).toBe('film is good');
  });

  it('is read without asking anybody for anything', () => expect(asked).toEqual([]));
});
