import { expect, test } from 'vitest';
import { bleu, distinctGrams, featureCoverage, rouge } from '../src/index.js';

// Figures by torchmetrics 1.9.0 (bleu_score without smoothing, rouge_score) on these texts.
const TEXTS = [
  'the quick brown fox jumped over the lazy dog today',
  'a slow burning heist film with a great cast',
  'this film is great and this film is long',
  'short',
  'the battery lasts long and the screen is bright',
  'it fits well it fits well it fits well',
];
const REFERENCES = [
  'a quick brown fox jumped over a lazy dog',
  'a slow burning heist film with a wonderful cast and score',
  'this film is great but this film is too long',
  'a short text',
  'the battery lasts very long and the screen is very bright',
  'it fits well and looks good',
];

test('BLEU of every order is that of an independent implementation', () => {
  const expected = [0.7185942530632019, 0.6281958222389221, 0.5479768514633179, 0.46010997891426086];
  for (const [k, value] of expected.entries())
    expect(bleu(TEXTS, REFERENCES, { order: k + 1 })).toBeCloseTo(value, 6);
});

test('texts equal to their references have BLEU 1, short ones among them', () => {
  expect(bleu(['it fits very well', 'great'], ['it fits very well', 'great'])).toBe(1);
});

test('BLEU is 0 where some order has no hit, and shorter texts pay', () => {
  expect(bleu(['a b'], ['a b'])).toBe(0);
  // 4 of 8 words, all right: exp(1 - 8 / 4).
  expect(bleu(['a b c d'], ['a b c d e f g h'])).toBeCloseTo(Math.exp(-1), 12);
});

test('ROUGE is that of an independent implementation', () => {
  const { rouge1, rouge2, rougeL } = rouge(TEXTS, REFERENCES);
  expect(rouge1.precision).toBeCloseTo(0.8018518537, 6);
  expect(rouge1.recall).toBeCloseTo(0.659427618, 6);
  expect(rouge1.f1).toBeCloseTo(0.6964912266, 6);
  expect(rouge2.precision).toBeCloseTo(0.4884259303, 6);
  expect(rouge2.recall).toBeCloseTo(0.4634259393, 6);
  expect(rouge2.f1).toBeCloseTo(0.4695827216, 6);
  expect(rougeL.f1).toBeCloseTo(0.6964912266, 6);
});

test('ROUGE-L looks at the order, ROUGE-1 does not', () => {
  const scores = rouge(['c b a'], ['a b c']);
  expect(scores.rouge1.f1).toBe(1);
  expect(scores.rougeL.f1).toBeCloseTo(1 / 3, 12);
});

test('distinct sequences: by hand', () => {
  expect(distinctGrams(TEXTS, 1)).toBeCloseTo(29 / 47, 12);
  expect(distinctGrams(TEXTS, 2)).toBeCloseTo(34 / 41, 12);
  expect(distinctGrams([''], 1)).toBe(0);
});

test('features are found as whole words, each once', () => {
  expect(featureCoverage(TEXTS, ['battery', 'screen', 'heist film', 'price', 'Film'])).toBe(4 / 5);
  expect(featureCoverage(['firm'], ['film'])).toBe(0);
  expect(() => featureCoverage(TEXTS, [])).toThrow(/at least one feature/);
  expect(() => featureCoverage(TEXTS, ['!'])).toThrow(/one word/);
});

test('one reference for each text', () => {
  expect(() => bleu(['a'], [])).toThrow(/1 and 0/);
  expect(() => bleu(['a'], ['a'], { order: 0 })).toThrow(/order/);
  expect(() => rouge(['a'], ['a'], { stem: true } as never)).toThrow(/"stem"/);
  expect(() => distinctGrams(['a'], 0)).toThrow(/n to be/);
  expect(() => featureCoverage(['a'], ['a'], { words: 'a' as never })).toThrow(/words/);
  expect(() => rouge([], [])).toThrow(/at least one/);
});
