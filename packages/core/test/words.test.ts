import { describe, expect, it } from 'vitest';
import { wordsOf } from '../src/index.js';

describe('wordsOf', () => {
  it('takes accents off Latin and Greek letters, composed or not, and leaves й and ё alone', () => {
    expect(wordsOf('Amélie (2001), Ame\u0301lie')).toEqual(['amelie', '2001', 'amelie']);
    expect(wordsOf('Ὀδύσσεια ΟΔΟΣ οδός')).toEqual(['οδυσσεια', 'οδοσ', 'οδοσ']);
    expect(wordsOf('Ёлки мой İstanbul naïve')).toEqual(['ёлки', 'мой', 'istanbul', 'naive']);
  });

  it('keeps marks that are letters: vowel signs, tones, voiced kana', () => {
    // दिल (heart) and दल (group) differ by a vowel sign alone; so do मेरा and मारा.
    expect(wordsOf('दिल')).not.toEqual(wordsOf('दल'));
    expect(wordsOf('मेरा नाम जोकर')).toEqual(['मेरा', 'नाम', 'जोकर']);
    // ka and ga, by a mark or in one character.
    expect(wordsOf('か')).not.toEqual(wordsOf('が'));
    expect(wordsOf('か\u3099')).toEqual(wordsOf('が'));
    // ใกล้ (near) and ไกล (far), กุ้ง (shrimp) and กุง.
    expect(wordsOf('กุ้ง')).not.toEqual(wordsOf('กุง'));
    // A Korean syllable stays one.
    expect(wordsOf('기생충')).toEqual(['기생충']);
  });

  it('leaves points out that texts write as they like', () => {
    expect(wordsOf('שָׁלוֹם')).toEqual(wordsOf('שלום'));
    expect(wordsOf('مُحَمَّد')).toEqual(wordsOf('محمد'));
  });

  it('finds a part of a title in scripts without spaces', () => {
    expect(wordsOf('東京物語')).toEqual(['東', '東京', '京', '京物', '物', '物語', '語']);
    for (const [title, part] of [
      ['千と千尋の神隠し', '千尋'],
      ['卧虎藏龙', '藏龙'],
      ['となりのトトロ', 'トトロ'],
      ['ต้มยำกุ้ง', 'กุ้ง'],
      ['ລາວ', 'ລາ'],
      ['スーパーマン', 'スーパー'],
      ['Kill Bill 殺死比爾', '比爾'],
    ] as const) {
      const words = new Set(wordsOf(title));
      expect(wordsOf(part).length).toBeGreaterThan(0);
      for (const word of wordsOf(part)) expect(words).toContain(word);
    }
  });

  it('writes half and full width alike', () => {
    expect(wordsOf('ﾄﾄﾛ １９８８')).toEqual(wordsOf('トトロ 1988'));
  });
});
