import type { Answer } from '@palate/engine';
import { expect, test } from 'vitest';
import { showAnswer } from '../src/engine/show-answer.js';

const REASON =
  'Thieves plan one last heist in a city that never sleeps, and a detective closes in on all of them.';

function answer(reason?: string): Answer {
  const item = { id: 'a', title: 'A title that is far too long for a narrow terminal', score: 0.5, rank: 1 };
  return {
    keywords: ['heist'],
    candidates: [],
    items: [{ ...item, from: [], attributes: {}, ...(reason === undefined ? {} : { reason }) }],
    sources: { profile: 'typed', candidates: 'words', order: 'words', explanations: 'knowledge' },
    stages: [],
    outcomes: [],
    version: '1',
  };
}

test('a reason is shown as a whole under its title, in lines that fit', () => {
  for (const width of [24, 40, 80]) {
    const lines = showAnswer(answer(REASON), { width, whole: true });
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    const at = lines.findIndex((line) => line.startsWith('1.'));
    const end = lines.findIndex((line) => line.includes('[order'));
    const told = lines.slice(at + 1, end).map((line) => line.trim());
    expect(told.join(' ')).toBe(REASON);
  }
});

test('without reasons an item is one line with its score', () => {
  const lines = showAnswer(answer(), { width: 80 });
  expect(lines.find((line) => line.startsWith('1.'))).toMatch(/^1\. {2}A title that.* 0\.500$/);
});
