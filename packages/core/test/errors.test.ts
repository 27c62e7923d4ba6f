import { expect, test } from 'vitest';
import {
  checkChoice,
  checkNumber,
  checkOptions,
  clip,
  InvalidInputError,
  MissingDependencyError,
  PalateError,
  ParseError,
  UnknownIdError,
} from '../src/index.js';

test('the message says what was expected, what came and what to do', () => {
  const error = new ParseError(
    { file: 'ratings.dat', line: 3, column: 7 },
    { expected: 'a rating', received: '"x"', hint: 'Repair the line.' },
  );
  expect(error.message).toBe('ratings.dat:3:7: Expected a rating, but received "x". Repair the line.');
  expect(error).toMatchObject({ code: 'parse-error', name: 'ParseError', isRetryable: false });
  expect(error).toBeInstanceOf(PalateError);
});

test('errors of another copy of the package are recognised, other errors are not', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('palate.error')]: true });
  expect(PalateError.is(foreign)).toBe(true);
  expect(PalateError.is(new UnknownIdError('7', 'item'))).toBe(true);
  expect(PalateError.is(new Error('x'))).toBe(false);
  expect(PalateError.is({ code: 'invalid-input' })).toBe(false);
});

test('a missing dependency names the command that installs it and keeps its cause', () => {
  const cause = new Error("Cannot find package 'hnswlib-node'\nRequire stack: …");
  const error = new MissingDependencyError('hnswlib-node', 'HnswIndex', cause);
  expect(error.message).toContain('npm install hnswlib-node');
  expect(error.message).not.toContain('Require stack');
  expect(error.cause).toBe(cause);
});

test('options that nobody reads are refused by name', () => {
  expect(() => checkOptions('Ease', { lamda: 500 }, ['lambda'])).toThrow(
    /options of Ease among lambda, but received "lamda"/,
  );
  expect(() => checkOptions('Ease', { lambda: 500 }, ['lambda'])).not.toThrow();
});

test('numbers are checked for kind and bounds', () => {
  expect(checkNumber('k', 10, { min: 1, integer: true })).toBe(10);
  for (const bad of [0, 1.5, Number.NaN, '3', undefined, Number.POSITIVE_INFINITY])
    expect(() => checkNumber('k', bad, { min: 1, integer: true })).toThrow(
      /k to be a whole number of at least 1/,
    );
  expect(() => checkNumber('rate', 2, { min: 0, max: 1 })).toThrow('rate to be a finite number from 0 to 1');
});

test('choices are returned, others named with what there is', () => {
  expect(checkChoice('mode', 'fast', ['slow', 'fast'])).toBe('fast');
  expect(() => checkChoice('mode', 'quick', ['slow', 'fast'])).toThrow("mode to be 'slow' or 'fast'");
  expect(() => checkChoice('mode', undefined, ['a', 'b', 'c'])).toThrow("mode to be 'a', 'b' or 'c'");
});

test('no input makes a message of megabytes', () => {
  const error = new ParseError(
    { file: 'a.csv', line: 3, column: 1 },
    { expected: 'a number', received: JSON.stringify('x'.repeat(3_000_000)), hint: 'Repair the line.' },
  );
  expect(error.message.length).toBeLessThan(2_000);
  expect(error.message).toMatch(/^a\.csv:3:1: .*… \(3,000,002 characters\)\. Repair the line\.$/);
  // The seventh unit is the first half of a pair: it is left out whole.
  expect(clip(`${'a'.repeat(6)}${'\u{1F600}'.repeat(9)}`, 7)).toBe('aaaaaa… (24 characters)');
  expect(clip('short', 7)).toBe('short');
});

test('an error is made also of a part that is no text', () => {
  const error = new InvalidInputError({
    expected: 'a column',
    received: JSON.stringify(undefined) as unknown as string,
    hint: 'Name it.',
  });
  expect(error).toMatchObject({ code: 'invalid-input', received: 'undefined' });
});
