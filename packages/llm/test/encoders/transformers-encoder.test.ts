import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { transformersEncoder } from '../../src/index.js';

const folder = fileURLToPath(new URL('../fixtures/tiny-bert', import.meta.url));
// Made by PyTorch's transformers from the same weights.
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
  texts: string[];
  mean_pooled_normalized: number[][];
};

describe('transformersEncoder', () => {
  it('gives the vectors that PyTorch gives, from a folder and without a connection', async () => {
    const encoder = await transformersEncoder({ model: folder });
    const { data, width, truncated } = await encoder.encode(expected.texts);
    expect(truncated).toBe(0);
    for (const [row, vector] of expected.mean_pooled_normalized.entries())
      for (const [k, value] of vector.entries())
        expect(Math.abs(value - (data[row * width + k] as number))).toBeLessThan(1e-5);
  });

  it('counts the texts that it cuts, every copy of them', async () => {
    const encoder = await transformersEncoder({ model: folder, maxTokens: 4 });
    const { truncated } = await encoder.encode([
      'love',
      'a hero in the dark city',
      'a hero in the dark city',
    ]);
    expect(truncated).toBe(2);
  });

  it('takes no vector from a cache that was made of less of the text', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'palate-vectors-'));
    const text = ['a hero in the dark city'];
    const short = await transformersEncoder({ model: folder, cacheDir, maxTokens: 4 });
    const cut = await short.encode(text);
    await short.close();
    const whole = await transformersEncoder({ model: folder, cacheDir });
    const all = await whole.encode(text);
    await whole.close();
    expect([cut.truncated, all.truncated]).toEqual([1, 0]);
    expect(all.data).toEqual((await (await transformersEncoder({ model: folder })).encode(text)).data);
    expect(all.data).not.toEqual(cut.data);
  });

  it('keeps vectors in a cache that another encoder of the same weights reads', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'palate-vectors-'));
    const first = await transformersEncoder({ model: folder, cacheDir });
    const before = await first.encode(expected.texts);
    await first.close();
    const second = await transformersEncoder({ model: folder, cacheDir });
    const phases: number[] = [];
    const after = await second.encode(expected.texts, { onProgress: ({ done }) => phases.push(done) });
    await second.close();
    expect(phases).toEqual([]);
    expect(after).toEqual(before);
  });

  it('says what a folder lacks', async () => {
    await expect(transformersEncoder({ model: tmpdir() })).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('refuses what is no text, before anything is encoded', async () => {
    const encoder = await transformersEncoder({ model: folder });
    await expect(encoder.encode(['a', 1 as unknown as string])).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });
});
