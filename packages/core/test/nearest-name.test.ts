import { expect, test } from 'vitest';
import { checkChoice, checkOptions, PalateError } from '../src/index.js';
import { nearestName } from '../src/nearest-name.js';

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
