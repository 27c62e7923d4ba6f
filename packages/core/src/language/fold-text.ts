/** Latin letters that Unicode takes apart into no letter and accent. */
const LATIN: Readonly<Record<string, string>> = {
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ß: 'ss',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/**
 * Folds a text for comparing: lower case, one form for full and half width, and no accents on Latin and Greek letters.
 *
 * Marks of other scripts stay: they are vowels of Thai and Devanagari, tell が from か in Japanese, and й from и in
 * Cyrillic.
 *
 * @example
 * ```ts
 * foldText('Amélie'); // 'amelie'
 * foldText('ガメラ') === foldText('カメラ'); // false
 * ```
 */
export function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/([\p{Script=Latin}\p{Script=Greek}])\p{M}+/gu, '$1')
    .normalize('NFC')
    .replace(/[æœøßłđðþı]/g, (letter) => LATIN[letter] ?? letter);
}

/** The words of a folded text: letters, their marks, and digits. */
export function foldedWords(text: string): string[] {
  return foldText(text).match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? [];
}
