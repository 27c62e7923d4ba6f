import { expect, test } from 'vitest';
import { nearestName } from '../src/basics/nearest-name.js';
import { checkChoice, checkOptions, PalateError, unknownName } from '../src/index.js';

const hintOf = (call: () => unknown): string | undefined => {
  try {
    call();
  } catch (error) {
    if (PalateError.is(error)) return error.hint;
  }
  return undefined;
};

test('finds what a name was meant to be, and nothing that is too far', () => {
  const names = ['learningRate', 'batchSize', 'epochs', 'k'];
  // One letter left out, two exchanged, another case, one too many.
  for (const given of ['learningRat', 'laerningRate', 'LEARNINGRATE', 'learningRRate'])
    expect(nearestName(given, names)).toBe('learningRate');
  expect(nearestName('epoch', names)).toBe('epochs');
  for (const given of ['rate', 'j', '', 3, undefined]) expect(nearestName(given, names)).toBeUndefined();
  // The nearest counts, the first of equal ones.
  expect(nearestName('tan', ['tanks', 'tank', 'tang'])).toBe('tank');
});

test('misspelt options and choices are told what they were meant to be', () => {
  expect(hintOf(() => checkOptions('Model.fit', { epoch: 3 }, ['epochs', 'seed']))).toContain(
    'Did you mean epochs?',
  );
  expect(hintOf(() => checkOptions('Model.fit', { colour: 3 }, ['epochs', 'seed']))).not.toContain(
    'Did you mean',
  );
  expect(hintOf(() => checkChoice('mode', 'fatihful', ['efficient', 'faithful']))).toBe(
    "Did you mean 'faithful'?",
  );
  expect(hintOf(() => checkChoice('mode', 7, ['efficient', 'faithful']))).toBe(
    "Pass for example mode: 'efficient'.",
  );
});

test('an unknown name is told with those there are, and the one that was likely meant', () => {
  const error = unknownName('a suite', 'graf', ['graph', 'beauty']);
  expect(error).toMatchObject({
    code: 'invalid-input',
    expected: 'a suite among graph, beauty',
    received: '"graf"',
    hint: 'Did you mean graph?',
  });
  expect(unknownName('a suite', 'films', ['graph']).hint).toContain('such as graph');
  expect(unknownName('a suite', 'films', ['graph'], 'Register it.').hint).toBe('Register it.');
  expect(unknownName('a row', undefined, []).expected).toBe('a row among (none)');
  const many = Array.from({ length: 60 }, (_, k) => `name-${k}`);
  expect(unknownName('a row', 5, many).expected).toMatch(/name-39 and 20 more$/);
});
