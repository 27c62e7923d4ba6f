import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ForwardPass, generateAmong, selectBackend, T5, TokenTrie } from '../../src/index.js';

const FOLDER = fileURLToPath(new URL('../fixtures/t5-tiny-gated', import.meta.url));
const INPUTS = [
  [5, 9, 12, 1],
  [44, 30, 2, 1],
  [7, 8, 60, 1],
];
/** Of several lengths, one the beginning of another, and some alone below their first token. */
const SEQUENCES = [[5, 9], [5, 12, 30], [5, 12, 31, 4], [72, 3], [72, 3, 8], [72, 60], [44, 9, 9], [10]];

let model: T5;
let trie: TokenTrie;
beforeAll(async () => {
  await selectBackend('ort');
  model = await T5.load(FOLDER);
  trie = new TokenTrie(SEQUENCES, model.config.eos_token_id);
});
afterAll(() => model.dispose());

const encode = () => {
  const ids = tf.tensor2d(INPUTS, undefined, 'int32');
  return model.encode(ids, tf.onesLike(ids), ForwardPass.inference());
};
const found = (options: Parameters<typeof generateAmong>[4]) =>
  generateAmong(model, INPUTS.length, encode, trie, options);

/** Log-probability of each sequence with its end, by decoding it at once; among all tokens or those that continue one. */
function bruteForce(among: 'vocabulary' | 'allowed'): number[][] {
  return tf.tidy(() => {
    const encoded = encode();
    const sums = SEQUENCES.map((tokens) => {
      const ids = [model.config.decoder_start_token_id, ...tokens];
      const decoded = model.decode(
        tf.tensor2d(
          INPUTS.map(() => ids),
          undefined,
          'int32',
        ),
        encoded,
        ForwardPass.inference(),
      );
      const logits = model.logits(decoded).arraySync() as number[][][];
      return logits.map((rows) => {
        let sum = 0;
        for (const [at, token] of [...tokens, model.config.eos_token_id].entries()) {
          const row = rows[at] as number[];
          const over = among === 'vocabulary' ? [...row.keys()] : trie.after(tokens.slice(0, at));
          const mass = over.reduce((total, each) => total + Math.exp(row[each] as number), 0);
          sum += (row[token] as number) - Math.log(mass);
        }
        return sum;
      });
    });
    return INPUTS.map((_, input) => sums.map((row) => row[input] as number));
  });
}

test.each(['vocabulary', 'allowed'] as const)(
  'finds the best sequences by probability among %s',
  async (normalise) => {
    const wanted = bruteForce(normalise);
    const lists = await found({ beams: 8, normalise });
    for (const [input, list] of lists.entries()) {
      const scores = wanted[input] as number[];
      const order = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
      expect(list.map(({ sequence }) => sequence)).toEqual(order);
      for (const { sequence, score, tokens } of list) {
        expect(score).toBeCloseTo(scores[sequence] as number, 3);
        expect(tokens).toEqual([...(SEQUENCES[sequence] as number[]), model.config.eos_token_id]);
      }
    }
    if (normalise === 'allowed')
      for (const list of lists)
        expect(list.reduce((sum, { score }) => sum + Math.exp(score), 0)).toBeCloseTo(1, 4);
  },
);

test('excluded sequences are not found, and take nothing from the scores of the others', async () => {
  const all = await found({ beams: 8 });
  const exclude = [[0, 3], [], SEQUENCES.map((_, sequence) => sequence)];
  const some = await found({ beams: 8, exclude });
  for (const [input, list] of some.entries()) {
    const left = (all[input] ?? []).filter(({ sequence }) => !exclude[input]?.includes(sequence));
    expect(list.map(({ sequence }) => sequence)).toEqual(left.map(({ sequence }) => sequence));
    for (const [k, { score }] of list.entries()) expect(score).toBeCloseTo(left[k]?.score as number, 4);
  }
});

test('a tree knows its sequences', () => {
  expect(SEQUENCES.map((sequence) => trie.find(sequence))).toEqual([...SEQUENCES.keys()]);
  expect(trie.find([5, 12, 30, model.config.eos_token_id])).toBe(1);
  expect([trie.find([5]), trie.find([5, 12, 31]), trie.find([9])]).toEqual([-1, -1, -1]);
  expect([...trie.after([72, 3])].sort((a, b) => a - b)).toEqual([model.config.eos_token_id, 8]);
  expect(trie.count[0]).toBe(SEQUENCES.length);
  expect(trie.height[0]).toBe(4);
});

test('no tensor is left behind', async () => {
  const before = tf.memory().numTensors;
  await found({ beams: 3 });
  await found({ beams: 3 });
  expect(tf.memory().numTensors).toBe(before);
});
