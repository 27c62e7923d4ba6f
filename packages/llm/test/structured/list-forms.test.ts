import { expect, test } from 'vitest';
import { unusableText } from '../../src/structured/read-answer.js';
import { readList } from '../../src/structured/read-list.js';

test.each([
  '{"tags": [{"name": "heist"}, {"name": "noir"}]}',
  '{"tags": "heist, noir"}',
  '{"genre": ["heist"], "mood": ["noir"]}',
  '{"name": "tag", "arguments": {"tags": ["heist", "noir"]}}',
  '"[\\"heist\\", \\"noir\\"]"',
  '| Tag | Score |\n|---|---|\n| heist | 5 |\n| noir | 4 |',
  '#heist #noir',
  'heist | noir',
  'heist · noir',
  '**heist**, **noir**',
  '[heist, noir]',
  '(heist, noir)',
  '\\boxed{heist, noir}',
  'Tag 1: heist\nTag 2: noir',
  'Genres: heist\nMoods: noir',
  '* heist\n* noir\n\n*Note: two tags*',
  'heist, noir\nUser: more\nAssistant: space, opera',
])('%j holds two entries', (answer) => {
  expect(readList(answer)).toEqual(['heist', 'noir']);
});

test.each(['{"tags": ["heist", "no'])('the pieces of %j are none', (answer) => {
  expect(readList(answer)).toEqual([]);
});

test.each([
  ['None', 'empty-answer'],
  ['N/A', 'empty-answer'],
  ['*Unknown.*', 'empty-answer'],
  ['No tags available.', 'empty-answer'],
  ['[Insert description here]', 'empty-answer'],
  ['None of these', 'empty-answer'],
  ["I don't know.", 'refused-answer'],
  ["There's no reliable information about this film.", 'refused-answer'],
  ['My apologies, but this film is new to me.', 'refused-answer'],
  ['The request was rejected because it was considered high risk', 'refused-answer'],
  ["As of my last knowledge update in 2021, I don't have details.", 'refused-answer'],
  ['Unknown (2011) is a thriller.', undefined],
  ['None But the Brave is a war film.', undefined],
  ['Nothing But a Man (1964) is a drama.', undefined],
  ["I Don't Know How She Does It (2011) is a comedy.", undefined],
])('%j is %s', (answer, code) => {
  expect(unusableText(answer)).toBe(code);
});
