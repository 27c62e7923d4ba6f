import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import {
  Catalog,
  createDataset,
  type Dataset,
  EmbeddingTable,
  InteractionLog,
  readArtifact,
  type TensorData,
} from '@palate/core';
import { rankerConformance, retrieverConformance } from '@palate/core/testing';
import { folderTokens } from '@palate/llm';
import { ForwardPass, T5, type T5Config } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { LocalRanker, type LocalRankerOptions } from '../../src/index.js';
import { FAMILIES, ids, VOCABULARY, writeTinyT5 } from './tiny-t5-folder.js';

/** Users who walk up one of two rows of ten films. */
function rows(): Dataset {
  const list = [];
  for (let user = 0; user < 24; user++)
    for (let k = 0; k < 7; k++)
      list.push({ user: `u${user}`, item: `${user % 2 ? 'a' : 'b'}${(user + k) % 10}`, timestamp: k });
  const log = InteractionLog.fromRows(list);
  return createDataset({
    name: 'rows',
    log,
    // One film has no title at all.
    catalog: new Catalog({
      items: log.items,
      text: { title: [...log.items].map((id) => (id === 'b9' ? '' : `Film ${id}`)) },
    }),
    licence: 'MIT',
    source: 'made up',
  });
}
const dataset = rows();
const items = dataset.log.items;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-t5-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const QUICK = { epochs: 1, perUser: 1, batchSize: 16 } as const;

/** Weights and shape of a ranker, as it saves them. */
async function saved(ranker: LocalRanker): Promise<{ tensors: Record<string, TensorData>; t5: T5Config }> {
  const dir = join(root, 'saved');
  await ranker.save(dir);
  const { manifest, tensors } = await readArtifact(dir, 'palr-local', 3);
  const weights = Object.entries(tensors)
    .filter(([name]) => name.startsWith('model/'))
    .map(([name, tensor]) => [name.slice('model/'.length), tensor] as const);
  return { tensors: Object.fromEntries(weights), t5: (manifest.config as { t5: T5Config }).t5 };
}

async function weights(folder: string): Promise<Record<string, TensorData>> {
  const t5 = await T5.load(folder);
  const values = await t5.parameters.values();
  t5.parameters.dispose();
  return values;
}

const numbers = (tensor: TensorData | undefined): Float32Array => tensor?.values as Float32Array;

/** Mean of some rows of a table of vectors of width 8. */
function meanOf(table: Float32Array, tokens: readonly number[]): number[] {
  return Array.from(
    { length: 8 },
    (_, k) => tokens.reduce((sum, token) => sum + table[8 * token + k]!, 0) / tokens.length,
  );
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual).toHaveLength(expected.length);
  for (let k = 0; k < expected.length; k++) expect(actual[k]).toBeCloseTo(expected[k] as number, 4);
}

describe.each(Object.entries(FAMILIES))('a ranker that starts from a folder of T5 %s', (family, config) => {
  const folder = (): string => join(root, family.slice(0, 4));
  const fit = (data: Dataset, options: LocalRankerOptions = {}): Promise<LocalRanker> =>
    LocalRanker.fit(data, { ...QUICK, startFrom: folder(), ...options });
  beforeAll(() => writeTinyT5(folder(), config));

  for (const { name, run } of retrieverConformance({
    create: (data, seed) => fit(data, { seed }),
    load: (dir) => LocalRanker.load(dir),
  }))
    test(name, run);
  for (const { name, run } of rankerConformance({ create: () => fit(dataset) }))
    test(`as a ranker ${name}`, run);

  it('begins with the weights of the folder, and with items that are the means of their titles', async () => {
    const before = await weights(folder());
    // A step of size 0 leaves everything where it began.
    const { tensors, t5 } = await saved(await fit(dataset, { learningRate: 0 }));
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(before).sort());
    expect(t5).toMatchObject({ ...config, vocab_size: VOCABULARY + items.size, d_ff: 12, num_heads: 2 });
    for (const [name, { values }] of Object.entries(before)) {
      const after = numbers(tensors[name]);
      expect(after.subarray(0, values.length)).toEqual(values);
      if (name !== 'shared.weight' && name !== 'lm_head.weight') {
        expect(after).toHaveLength(values.length);
        continue;
      }
      expect(after).toHaveLength(8 * (VOCABULARY + items.size));
      const row = (id: string): Float32Array =>
        after.subarray(8 * (VOCABULARY + items.indexOf(id))).subarray(0, 8);
      const table = values as Float32Array;
      expectClose(row('a3'), meanOf(table, ids('▁Film', '▁', 'a', '3')));
      expectClose(row('b0'), meanOf(table, ids('▁Film', '▁', 'b', '0')));
      // Without a title: all tokens of the tokenizer.
      expectClose(row('b9'), meanOf(table, [...Array(VOCABULARY - 3).keys()]));
    }
  });

  it('scores items as this T5 scores their tokens after the words and items of the prompt', async () => {
    const ranker = await fit(dataset, { learningRate: 0 });
    const { tensors, t5: shape } = await saved(ranker);
    const t5 = new T5(shape);
    t5.parameters.assign(tensors, 'the saved ranker');
    const token = (id: string): number => VOCABULARY + items.indexOf(id);
    const byHand = (prompt: number[]): Float32Array =>
      tf.tidy(() => {
        const pass = ForwardPass.inference();
        const encoded = t5.encode(
          tf.tensor2d([prompt], undefined, 'int32'),
          tf.ones([1, prompt.length]),
          pass,
        );
        const logits = t5.logits(t5.decode(tf.tensor2d([[0]], undefined, 'int32'), encoded, pass));
        return logits.dataSync<'float32'>().slice(VOCABULARY);
      });
    const taste = [
      ...ids('▁What', '▁this', '▁person', '▁likes', ':', '▁quiet', '▁drama', ',', '▁space', '▁battle'),
      ...ids('▁History', ',', '▁oldest', '▁first', ':'),
      ...[token('a1'), token('b2')],
    ];
    const query = { text: 'quiet drama, space battle', history: [items.indexOf('a1'), items.indexOf('b2')] };
    expectClose(
      await ranker.scoreAll([query]),
      byHand([...ids('▁Recommend', '▁what', '▁comes', '▁next', '.'), ...taste, ...ids('</s>')]),
    );
    // With candidates, in one of the orders that they may be shown in: differences of log-chances are those of scores.
    const given = ['a4', 'b5'].map((id) => ({ item: items.indexOf(id), score: 0 }));
    const [list = []] = await ranker.rank([query], [given], 2, { orderWeight: 0 });
    const chance = (id: string): number =>
      list.find(({ item }) => item === items.indexOf(id))?.score as number;
    const gaps = [
      ['a4', 'b5'],
      ['b5', 'a4'],
    ].map((shown) => {
      const scores = byHand([
        ...ids('▁Recommend', '▁from', '▁the', '▁candidates', '▁what', '▁comes', '▁next', '.'),
        ...taste,
        ...ids('▁Candidates', ':'),
        ...shown.map(token),
        ...ids('</s>'),
      ]);
      return scores[items.indexOf('a4')]! - scores[items.indexOf('b5')]!;
    });
    const gap = chance('a4') - chance('b5');
    expect(Math.min(...gaps.map((each) => Math.abs(each - gap)))).toBeLessThan(1e-4);
    t5.parameters.dispose();
  });

  it('learns: the loss falls, and all of the model moves', async () => {
    const ranker = await fit(dataset, { epochs: 6, perUser: 4, userShare: 1, learningRate: 0.02, swap: 0 });
    const losses = ranker.history.map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    const before = await weights(folder());
    const { tensors } = await saved(ranker);
    for (const name of Object.keys(before).filter((each) => /^(encoder|decoder|lm_head)/.test(each)))
      expect(numbers(tensors[name])).not.toEqual(numbers(before[name]));
  });

  it('is saved with its tokenizer, and does not need the folder again', async () => {
    const copy = join(root, 'copy');
    await cp(folder(), copy, { recursive: true });
    const profiles = new Map([['u1', 'quiet drama']]);
    const ranker = await fit(dataset, { startFrom: copy, profiles });
    const dir = join(root, 'kept');
    await ranker.save(dir);
    await rm(copy, { recursive: true });
    const again = await LocalRanker.load(dir);
    const queries = [{ text: 'space battle' }, { user: 'u1', history: [0, 1] }, { history: [2] }];
    const scores = await ranker.scoreAll(queries);
    expect(await again.scoreAll(queries)).toEqual(scores);
    expect(await again.retrieve(queries, 5)).toEqual(await ranker.retrieve(queries, 5));
    // Words are read: another text gives other scores.
    expect(await again.scoreAll([{ text: 'quiet drama' }])).not.toEqual(scores.slice(0, items.size));
  });
});

describe('a start from a folder', () => {
  const folder = (): string => join(root, 'whole');
  beforeAll(() => writeTinyT5(folder(), FAMILIES['v1.0 (ReLU, tied)']));

  it('leaves the shape of the model to the folder, and refuses what contradicts it', async () => {
    const tried = (options: LocalRankerOptions): Promise<LocalRanker> =>
      LocalRanker.fit(dataset, { ...QUICK, startFrom: folder(), ...options });
    for (const [options, has] of [
      [{ dimension: 64 }, 'no dimension, or 8'],
      [{ blocks: 3 }, 'no blocks, or 2'],
      [{ heads: 4 }, 'no heads, or 2'],
      [
        { vectors: new EmbeddingTable(items, 8, new Float32Array(8 * items.size)) },
        'no vectors beside startFrom',
      ],
    ] as const)
      await expect(tried(options)).rejects.toMatchObject({
        code: 'invalid-input',
        expected: expect.stringContaining(has),
      });
    const ranker = await tried({ dimension: 8, blocks: 2, heads: 2 });
    expect(ranker.items.size).toBe(items.size);
  });

  it.each([
    ['tokenizer.json', 'the file tokenizer.json'],
    ['config.json', 'the file config.json'],
    ['model.safetensors', 'the file model.safetensors'],
  ])('says that %s is missing', async (name, expected) => {
    const lacking = join(root, 'lacking');
    await cp(folder(), lacking, { recursive: true });
    await rm(join(lacking, name));
    await expect(LocalRanker.fit(dataset, { startFrom: lacking })).rejects.toMatchObject({
      code: 'artifact',
      expected: expect.stringContaining(expected),
    });
  });

  it('takes the special tokens from the other files where tokenizer_config.json is missing', async () => {
    const lacking = join(root, 'without-config');
    await cp(folder(), lacking, { recursive: true });
    await rm(join(lacking, 'tokenizer_config.json'));
    const tokens = async (dir: string): Promise<Int32Array> =>
      (await folderTokens(dir)).encode('Heat, and what follows');
    expect((await tokens(lacking)).length).toBeGreaterThan(0);
    expect(await tokens(lacking)).toEqual(await tokens(folder()));
    await writeFile(join(lacking, 'tokenizer.json'), '{');
    await expect(folderTokens(lacking)).rejects.toMatchObject({
      code: 'artifact',
      expected: 'JSON in tokenizer.json',
    });
  });

  it('refuses what is no tokenizer, and the tokenizer of a larger model', async () => {
    const broken = join(root, 'broken');
    await cp(folder(), broken, { recursive: true });
    for (const text of ['{', '{}']) {
      await writeFile(join(broken, 'tokenizer.json'), text);
      await expect(LocalRanker.fit(dataset, { startFrom: broken })).rejects.toMatchObject({
        code: 'artifact',
        expected: expect.stringContaining('a tokenizer in'),
      });
    }
    const small = join(root, 'small');
    await writeTinyT5(small, { vocab_size: 20 });
    await expect(LocalRanker.fit(dataset, { startFrom: small })).rejects.toMatchObject({
      code: 'artifact',
      expected: expect.stringContaining('at most 20 tokens'),
    });
  });

  it('does not go on from the checkpoint of a start from other weights', async () => {
    const other = join(root, 'other');
    await writeTinyT5(other, FAMILIES['v1.0 (ReLU, tied)'], 2);
    const options = { ...QUICK, learningRate: 0, checkpoint: { dir: join(root, 'checkpoint') } };
    const name = 'encoder.block.0.layer.0.SelfAttention.q.weight';
    for (const startFrom of [folder(), other]) {
      const { tensors } = await saved(await LocalRanker.fit(dataset, { ...options, startFrom }));
      expect(numbers(tensors[name])).toEqual(numbers((await weights(startFrom))[name]));
    }
  });

  it('names the package that it needs where that is not installed; a fresh start does without', async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const script = fileURLToPath(new URL('without-transformers.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=palate-source',
      `--import=${tsx}`,
      script,
      folder(),
    ]);
    expect(stdout.trim().split('\n')).toEqual(['2', 'missing-dependency @huggingface/transformers true']);
  });
});
