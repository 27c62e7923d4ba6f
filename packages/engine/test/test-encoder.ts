import { type EncodedTexts, type TextEncoder, wordsOf } from '@palate/core';

/** An encoder of words: each word is a direction by a hash of its letters; it counts the texts that it was given. */
export class WordEncoder implements TextEncoder {
  readonly id = 'words@1';
  readonly width = 32;
  encoded = 0;

  async encode(texts: readonly string[]): Promise<EncodedTexts> {
    this.encoded += texts.length;
    const data = new Float32Array(texts.length * this.width);
    for (const [row, text] of texts.entries()) {
      const vector = data.subarray(row * this.width, (row + 1) * this.width);
      for (const word of wordsOf(text)) {
        let hash = 7;
        for (const letter of word) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 2147483647;
        for (let k = 0; k < this.width; k++) {
          hash = (hash * 48271) % 2147483647;
          vector[k] = (vector[k] ?? 0) + hash / 2147483647 - 0.5;
        }
      }
      const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)) || 1;
      for (let k = 0; k < this.width; k++) vector[k] = (vector[k] ?? 0) / norm;
      if (norm === 1 && vector.every((value) => value === 0)) vector[0] = 1;
    }
    return { data, width: this.width, truncated: 0 };
  }
}
