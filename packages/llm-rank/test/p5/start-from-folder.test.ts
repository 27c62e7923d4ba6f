import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArtifact } from '@palate/core';
import { alteredArtifactConformance } from '@palate/core/testing';
import { T5 } from '@palate/nn';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { P5, P5_TEMPLATES, type P5Options } from '../../src/index.js';
import { FAMILIES, ids, writeTinyT5 } from '../palr/tiny-t5-folder.js';
import { smallShop } from './small-shop.js';

const shop = smallShop(8, 5, 8);
const QUICK: P5Options = {
  templates: P5_TEMPLATES.filter(({ id }) => id === '2-2' || id === '2-3'),
  families: ['sequential'],
  draws: { next: 1 },
  epochs: 1,
  learningRate: 0,
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-p5-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('P5 from a HuggingFace folder', () => {
  for (const [family, config] of Object.entries(FAMILIES))
    it(`keeps the weights of ${family}, and begins pieces of names with what spells them`, async () => {
      const dir = join(root, family.slice(0, 4));
      await writeTinyT5(dir, config);
      // With a rate of 0 the fit changes nothing: what is saved is what it started from.
      using p5 = await P5.fit(shop, { ...QUICK, startFrom: dir });
      const out = join(root, `${family.slice(0, 4)}-saved`);
      await p5.save(out);
      const { tensors, files } = await readArtifact(out, 'p5', 1);
      using folder = await T5.load(dir);
      const before = await folder.parameters.values();
      const table = tensors['model/shared.weight'];
      const own = before['shared.weight'];
      const width = folder.config.d_model;
      assert.ok(table && own);
      for (const name of Object.keys(before))
        if (!['shared.weight', 'lm_head.weight'].includes(name))
          expect(tensors[`model/${name}`]?.values).toEqual(before[name]?.values);
      const names = JSON.parse(Buffer.from(files['names.json'] ?? []).toString('utf8'));
      const pieces: string[] = [];
      for (const each of [...names.users.pieces, ...names.items.pieces].flat())
        if (!pieces.includes(each)) pieces.push(each);
      // A digit is a piece of the tokenizer: the mark of a beginning, and the digit.
      const digit = pieces.indexOf('7');
      expect(digit).toBeGreaterThan(0);
      const [mark = 0, seven = 0] = ids('▁', '7');
      const row = Array.from({ length: width }, (_, d) =>
        [mark, seven].reduce((sum, id) => sum + Number(own.values[id * width + d]) / 2, 0),
      );
      const tokens = Array.from({ length: table.values.length / width }, (_, token) =>
        Array.from(table.values.subarray(token * width, (token + 1) * width) as Float32Array),
      );
      const near = tokens.filter((values) =>
        values.every((value, d) => Math.abs(value - (row[d] ?? 0)) < 1e-6),
      );
      expect(near).toHaveLength(1);
      using loaded = await P5.load(out);
      const asked = [{ user: 'u0', history: [0, 1, 2] }, { history: [3] }];
      expect(await loaded.retrieve(asked, 4)).toEqual(await p5.retrieve(asked, 4));
    });

  it('refuses a shape beside the folder', async () => {
    await expect(P5.fit(shop, { ...QUICK, startFrom: root, width: 16 })).rejects.toThrow(/width/);
  });
});

describe('an altered artifact of P5', () => {
  for (const { name, run } of alteredArtifactConformance({
    save: async (dir) => {
      using p5 = await P5.fit(shop, { ...QUICK, width: 8, heads: 2, inner: 8, layers: 1 });
      await p5.save(dir);
    },
    load: (dir) => P5.load(dir),
    use: async (p5) => {
      const [list = []] = await p5.retrieve([{ history: [0, 1] }], 3);
      assert.equal(list.length, Math.min(3, p5.items.size - 2));
      for (const { score } of list) assert.ok(Number.isFinite(score), `score ${score}`);
    },
    dispose: (p5) => p5.dispose(),
    changes: 25,
  }))
    test(name, run);
});
