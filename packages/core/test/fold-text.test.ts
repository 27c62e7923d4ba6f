import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldedWords, foldText } from '../src/index.js';

test.each([
  ['Amélie', 'amelie'],
  ['LES MISÉRABLES', 'les miserables'],
  ['Ærø, Łódź, Straße', 'aero, lodz, strasse'],
  ['Ζορμπάς', 'ζορμπας'],
  // Full width and ligatures have one form.
  ['Ｈｅａｔ ﬁlm', 'heat film'],
])('%s is compared as %s', (text, folded) => {
  expect(foldText(text)).toBe(folded);
});

test.each([
  ['ガメラ', 'カメラ'],
  ['パパ', 'ハハ'],
  ['йод', 'иод'],
  // Thai "near" and "far" differ by a mark above.
  ['ใกล้', 'ใกล'],
  ['की', 'का'],
])('marks that make other letters stay: %s is not %s', (one, other) => {
  expect(foldText(one)).not.toBe(foldText(other));
});

test('words keep the marks within them', () => {
  expect(foldedWords('The Good, the Bad & the Ugly')).toEqual(['the', 'good', 'the', 'bad', 'the', 'ugly']);
  expect(foldedWords('ต้มยำกุ้ง (2005)')).toEqual(['ต้มยํากุ้ง'.normalize('NFC'), '2005']);
  expect(foldedWords('霸王别姬')).toEqual(['霸王别姬']);
});

test('folding twice is folding once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => foldText(foldText(text)) === foldText(text)),
  );
});
