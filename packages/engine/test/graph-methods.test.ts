import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TextEncoder } from '@palate/core';
import { describe, expect, test } from 'vitest';
import { methodContext, methodOf } from '../src/index.js';
import { shop } from './shop.js';

/** An encoder of the letters of a text: enough for descriptions of one kind to be alike. */
const letters: TextEncoder = {
  id: 'letters',
  width: 26,
  encode: async (texts) => {
    const data = new Float32Array(texts.length * 26);
    for (const [k, text] of texts.entries()) {
      const row = data.subarray(k * 26, (k + 1) * 26);
      for (const letter of text.toLowerCase()) {
        const at = letter.charCodeAt(0) - 97;
        if (at >= 0 && at < 26) row[at]! += 1;
      }
      const norm = Math.hypot(...row) || 1;
      for (let j = 0; j < 26; j++) row[j]! /= norm;
    }
    return { data, width: 26, truncated: 0 };
  },
};

describe('graph methods of the registry', () => {
  for (const key of ['graph', 'light-gcn', 'rp3-beta'])
    test(`${key} is fitted with and without edges of texts, and read back`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'palate-graph-method-'));
      const dataset = shop();
      const method = methodOf(key);
      const settings = { ...method.defaults?.quick };
      const context = methodContext(dataset, { folder, encoder: letters, seed: 1 });
      const model = await method.fit(dataset, settings, context);
      const bare = await method.fit(dataset, { ...settings, edges: 'none' }, context);
      const asked = [{ history: [0, 1] }, {}];
      const lists = await model.retrieve(asked, 5);
      // Edges of a shop's own texts know nothing of interactions, and say so; without edges there is nothing to say.
      expect(model.provenance).toEqual({ kind: 'world' });
      expect(bare.provenance).toBeUndefined();
      expect(await bare.retrieve(asked, 5)).not.toEqual(lists);
      await model.save(join(folder, 'model'));
      const loaded = await method.load(join(folder, 'model'), { settings, encoder: async () => letters });
      expect(await loaded.retrieve(asked, 5)).toEqual(lists);
      await expect(method.fit(dataset, { ...settings, edges: 'brand' }, context)).rejects.toThrow(
        /edges to be/,
      );
      for (const each of [model, bare, loaded]) each.dispose?.();
      await rm(folder, { recursive: true });
    });
});
