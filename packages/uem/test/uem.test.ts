import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  checkOptions,
  type EncodedTexts,
  IdMap,
  LONG_CALL_OPTIONS,
  type TextEncoder,
  UNKNOWN,
  WORLD,
} from '@palate/core';
import { selectBackend } from '@palate/nn';
import { OrtSession, OrtTensor } from '@palate/tfjs-backend-ort';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HistoryVectors, Uem, type UemExample, type UserHistory, userVector } from '../src/index.js';

/** Vectors that tell the words of a text apart: one axis a word, by order of appearance. */
class WordEncoder implements TextEncoder {
  readonly id = 'words';
  readonly width = 12;
  readonly #axes = new Map<string, number>();

  async encode(texts: readonly string[], options: object = {}): Promise<EncodedTexts> {
    checkOptions('encode', options, LONG_CALL_OPTIONS);
    const data = new Float32Array(texts.length * this.width);
    for (const [row, text] of texts.entries()) {
      const words = text.match(/\w+/g) ?? [];
      for (const word of words) {
        const axis = this.#axes.get(word) ?? this.#axes.size;
        this.#axes.set(word, axis);
        data[row * this.width + (axis % this.width)] = 1 / Math.sqrt(words.length);
      }
    }
    return { data, width: this.width, truncated: 0 };
  }
}

const COLOURS = ['red', 'green', 'blue', 'white'];
const catalog = new Catalog({
  items: new IdMap(COLOURS),
  text: { title: COLOURS, description: COLOURS.map((colour) => `a ${colour} thing`) },
});
const encoder = new WordEncoder();
let vectors: HistoryVectors;
let dir: string;

/** The colour of the newest item that was loved: it needs items, ratings and their order. */
function examples(count: number, from = 0): UemExample[] {
  return Array.from({ length: count }, (_, k) => {
    const seed = k + from;
    const items = [0, 1, 2].map((at) => (seed * 7 + at * at * 3 + Math.floor(seed / (at + 2))) % 4);
    const ratings = [0, 1, 2].map((at) => (((seed >> at) & 1) === 1 ? 5 : 1));
    if (!ratings.includes(5)) ratings[seed % 3] = 5;
    const loved = ratings.lastIndexOf(5);
    return {
      history: { items, ratings },
      text: 'Which was loved last?',
      answer: COLOURS[items[loved] as number] as string,
    };
  });
}

const SMALL = {
  historyLength: 4,
  width: 32,
  heads: 2,
  inner: 32,
  layers: 2,
  taskTokens: 3,
  modelWidth: 32,
  modelHeads: 2,
  modelLayers: 1,
  dropout: 0,
  batchSize: 32,
} as const;

beforeAll(async () => {
  await selectBackend('ort');
  vectors = await HistoryVectors.encode(catalog, { encoder, ratings: [1, 5], scale: { min: 1, max: 5 } });
  dir = await mkdtemp(join(tmpdir(), 'uem-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('a trained module', () => {
  let uem: Uem;
  const held = examples(40, 1000);
  beforeAll(async () => {
    uem = await Uem.fit(examples(300), vectors, {
      ...SMALL,
      optimiser: 'adamw',
      learningRate: 3e-3,
      epochs: 40,
    });
  });

  test('answers from histories that it never saw', async () => {
    const answers = await uem.answer(held);
    const right = answers.filter((answer, k) => answer === held[k]?.answer).length;
    expect(right).toBeGreaterThan(34);
  });

  test('a kept soft prompt answers as the history does', async () => {
    const histories = held.slice(0, 5).map(({ history }) => history as UserHistory);
    const prompts = await uem.softPrompts(histories);
    expect(prompts[0]?.tokens).toHaveLength(3 * uem.promptWidth);
    const text = held[0]?.text as string;
    expect(await uem.answer(prompts.map((prompt) => ({ prompt, text })))).toEqual(
      await uem.answer(histories.map((history) => ({ history, text }))),
    );
  });

  test('a prompt that grew by new items is that of the whole history', async () => {
    const [start] = await uem.softPrompts([{ items: [0, 1, 2], ratings: [1, 5, 1] }]);
    const grown = await uem.extendPrompt(start as never, { items: [3, 0], ratings: [5, 1] });
    const [whole] = await uem.softPrompts([{ items: [0, 1, 2, 3, 0], ratings: [1, 5, 1, 5, 1] }]);
    expect(grown.length).toBe(4);
    for (const [k, value] of (whole?.tokens ?? new Float32Array()).entries())
      expect(grown.tokens[k]).toBeCloseTo(value, 5);
  });

  test('the likeliest of given answers is the one that it writes', async () => {
    const query = held[3] as UemExample;
    const scores = await uem.logLikelihoods(
      COLOURS.map(() => query),
      COLOURS,
    );
    const best = COLOURS[scores.indexOf(Math.max(...scores))];
    expect(await uem.answer([query])).toEqual([best]);
    expect(Math.max(...scores)).toBeLessThan(0);
  });

  test('padding behind a history changes nothing', async () => {
    const short: UserHistory = { items: [2], ratings: [5] };
    const [alone] = await uem.softPrompts([short]);
    const [, beside] = await uem.softPrompts([{ items: [0, 1, 2, 3], ratings: [5, 5, 5, 5] }, short]);
    for (const [k, value] of (alone?.tokens ?? new Float32Array()).entries())
      expect(beside?.tokens[k]).toBeCloseTo(value, 5);
  });

  test('an empty history is answered, and its user vector is zero', async () => {
    const [answer] = await uem.answer([{ history: { items: [] }, text: 'Which was loved last?' }]);
    expect(answer).toBeTypeOf('string');
    const [prompt] = await uem.softPrompts([{ items: [] }]);
    expect(Array.from(userVector(prompt as never, 3))).toEqual([0, 0, 0]);
  });

  test('saved and loaded, it says the same', async () => {
    const folder = join(dir, 'saved');
    await uem.save(folder);
    using loaded = await Uem.load(folder, vectors);
    const before = await uem.logLikelihoods(
      held,
      held.map(({ answer }) => answer),
    );
    const after = await loaded.logLikelihoods(
      held,
      held.map(({ answer }) => answer),
    );
    for (const [k, value] of before.entries()) expect(after[k]).toBeCloseTo(value, 4);
  });

  test('weights know what their texts knew, whatever texts they are loaded with', async () => {
    const folder = join(dir, 'knowing');
    const knowing = new Catalog({ ...catalog, provenance: { description: UNKNOWN } });
    const texts = await HistoryVectors.encode(knowing, { encoder });
    const options = { ...SMALL, epochs: 1 };
    using trained = await Uem.fit(examples(4), texts, options);
    await trained.save(folder);
    using loaded = await Uem.load(folder, vectors);
    expect(vectors.provenance).toEqual(WORLD);
    expect(loaded.provenance).toEqual(UNKNOWN);
  });

  test('a folder of another encoder is refused', async () => {
    const folder = join(dir, 'other');
    await uem.save(folder);
    const other = Object.assign(Object.create(Object.getPrototypeOf(encoder)), encoder, { id: 'other' });
    const foreign = await HistoryVectors.encode(catalog, {
      encoder: { id: other.id, width: 12, encode: (texts) => encoder.encode(texts) },
    });
    await expect(Uem.load(folder, foreign)).rejects.toThrow(/words, 12 wide/);
  });

  test('leaves as ONNX, and the file computes the same tokens', async () => {
    const session = new OrtSession(await uem.exportOnnx(), ['tokens']);
    const history: UserHistory = { items: [1, 3], ratings: [5, 1] };
    const rows = new Float32Array(4 * vectors.width);
    rows.set(vectors.rows(history));
    const outputs = session.run({
      rows: new OrtTensor('float32', rows, [1, 4, vectors.width]),
      present: new OrtTensor('float32', Float32Array.of(1, 1, 0, 0), [1, 4]),
      positions: new OrtTensor('int32', Int32Array.of(1, 0, 0, 0), [1, 4]),
    });
    const [prompt] = await uem.softPrompts([history]);
    const tokens = outputs.tokens?.data as Float32Array;
    for (const [k, value] of (prompt?.tokens ?? new Float32Array()).entries())
      expect(tokens[k]).toBeCloseTo(value, 4);
  });
});
