import type { GenerateResult, LanguageModel } from '@palate/core';
import { titledCatalog } from '@palate/core/testing';
import { expect, test } from 'vitest';
import { LlmRanker } from '../../src/palr/llm-ranker.js';

const TITLES = [
  'Heat (1995)',
  'Toy Story (1995)',
  'Seven (a.k.a. Se7en) (1995)',
  '12 Monkeys (1995)',
  'Apollo 13 (1995)',
  'Alien (1979)',
  'Aliens (1986)',
  'Toy Story 3 (2010)',
  'Léon: The Professional (1994)',
  '2001: A Space Odyssey (1968)',
];

const catalog = titledCatalog(TITLES);

function answering(text: string): LanguageModel {
  const result: GenerateResult = {
    text,
    finishReason: 'stop',
    model: 'fixed',
    usage: { inputTokens: 1, outputTokens: 1 },
  };
  return {
    id: 'fixed',
    generate: async (requests) => requests.map(() => ({ ok: true, result })),
  };
}

/** Numbers of the candidates that an answer names, in its order; none where it fell back. */
async function numbersOf(text: string): Promise<readonly number[]> {
  const ranker = new LlmRanker({ model: answering(text), catalog, order: 'given' });
  const given = TITLES.map((_, item) => ({ item, score: 10 - item }));
  const [list = []] = await ranker.rank([{ history: [] }], [given], TITLES.length);
  const { listed, filled } = ranker.counts;
  return list.slice(0, listed - filled).map(({ item }) => item + 1);
}

test.each<[string, readonly number[]]>([
  ['[3] > [1] > [2]', [3, 1, 2]],
  ['The order is [3] > [1] > [2], since it is a crime film.', [3, 1, 2]],
  ['(3, 1, 2)', [3, 1, 2]],
  ['3 → 1 → 2', [3, 1, 2]],
  ['3|1|2', [3, 1, 2]],
  ['3-1-2', [3, 1, 2]],
  ['３，１，２', [3, 1, 2]],
  ['٣, ١, ٢', [3, 1, 2]],
  ['**3** **1** **2**', [3, 1, 2]],
  ['3, 1, and 2', [3, 1, 2]],
  ['I recommend 3, 1 and 2.', [3, 1, 2]],
  ['The best is 3, then 1, then 2.', [3, 1, 2]],
  ['Top 3: 3, 1, 2', [3, 1, 2]],
  ['Ranking: 3 1 2', [3, 1, 2]],
  ['3,1,2 (best to worst)', [3, 1, 2]],
  ['$\\boxed{3, 1, 2}$', [3, 1, 2]],
  ['rank([3, 1])', [3, 1]],
  ['0. Seven\n1. Heat', [3, 1]],
  ['5. Seven\n6. Heat', [3, 1]],
  ['Rank 1: Seven\nRank 2: Heat', [3, 1]],
  ['1st: 3\n2nd: 1', [3, 1]],
  ['First: 3\nSecond: 1', [3, 1]],
  ['| Rank | Candidate |\n|---|---|\n| 1 | 3 |\n| 2 | 1 |', [3, 1]],
  ['| Rank | Title |\n|---|---|\n| 1 | Seven |\n| 2 | Heat |', [3, 1]],
  ['"{\\"ranking\\": [3, 1, 2]}"', [3, 1, 2]],
  ['{"name": "rank", "arguments": "{\\"ranking\\": [3, 1]}"}', [3, 1]],
  ['{"ranking": {"1": 3, "2": 1}}', [3, 1]],
  ['{"ranking": [[3, 1, 2]]}', [3, 1, 2]],
  ['{"ranking": [3, 1, ...]}', [3, 1]],
  ['[3, 1]\nUser: and now?\nAssistant: [2, 4]', [3, 1]],
  // A title that is a number in words is the title.
  ['{"ranking": ["Seven", "Heat"]}', [3, 1]],
  ['{"ranking": ["Seven"]}', [3]],
  ['Heat > Seven', [1, 3]],
  ['2001: A Space Odyssey\nApollo 13\n12 Monkeys', [10, 5, 4]],
  ['Toy Story 3, Toy Story', [8, 2]],
])('%j is an order', async (answer, numbers) => {
  expect(await numbersOf(answer)).toEqual(numbers);
});

test.each([
  'None of these',
  'Worst to best: 2, 1, 3',
  'Excluding 3: 1, 2',
  'I would not recommend 3. I recommend 1, 2',
  '3-4',
  '{"ranking":[3,1',
  'In 1995, 3 films',
  '4 out of 10 candidates are good',
])('%j is none', async (answer) => {
  expect(await numbersOf(answer)).toEqual([]);
});
