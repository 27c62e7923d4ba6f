import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromStoredText, toStoredText } from '../src/stored-text.js';

test('every string comes back from a text that PostgreSQL can keep', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const stored = toStoredText(text);
      expect(fromStoredText(stored)).toBe(text);
      expect(stored).not.toContain('\0');
      // Half a pair of surrogates would come back as another character.
      expect(Buffer.from(stored, 'utf8').toString('utf8')).toBe(stored);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
      const text = String.fromCharCode(...units);
      const stored = toStoredText(text);
      expect(fromStoredText(stored)).toBe(text);
      expect(Buffer.from(stored, 'utf8').toString('utf8')).toBe(stored);
    }),
  );
});

test('plain texts are kept as they are', () => {
  expect(toStoredText('Ærø \u{1f3ac} it’s 1/2')).toBe('Ærø \u{1f3ac} it’s 1/2');
});
