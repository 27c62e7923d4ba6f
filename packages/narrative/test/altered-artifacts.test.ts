import assert from 'node:assert/strict';
import { alteredArtifactConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { BiEncoder, CrossEncoder, LateCrossEncoder } from '../src/index.js';
import { madeUpRequests } from './encoder/made-up-requests.js';
import { tinyParts } from './encoder/tiny-parts.js';

const { pairs } = madeUpRequests();
const pretrained = tinyParts();
const small = { epochs: 1, requestTokens: 8, itemTokens: 8, batchSize: 8 };
const biEncoder = await BiEncoder.fit(pairs, { ...small, pretrained });

describe('an altered artifact of BiEncoder', () => {
  for (const { name, run } of alteredArtifactConformance<BiEncoder>({
    save: (dir) => biEncoder.save(dir),
    load: (dir) => BiEncoder.load(dir, { pretrained }),
    use: async (encoder) => {
      const { data } = await encoder.encode(['a heist']);
      assert.ok(data.every(Number.isFinite));
    },
    changes: 30,
  }))
    test(name, run);
});

describe('an altered artifact of CrossEncoder', () => {
  for (const { name, run } of alteredArtifactConformance<CrossEncoder>({
    save: async (dir) => (await CrossEncoder.fit(pairs, { ...small, biEncoder })).save(dir),
    load: (dir) => CrossEncoder.load(dir, { pretrained }),
    use: async (encoder) => {
      assert.equal((await encoder.score('some robbers', ['a heist', 'a farm'])).length, 2);
    },
    changes: 30,
  }))
    test(name, run);
});

describe('an altered artifact of LateCrossEncoder', () => {
  for (const { name, run } of alteredArtifactConformance<LateCrossEncoder>({
    save: async (dir) => {
      using head = await BiEncoder.fit(pairs, { ...small, pretrained, tuned: 'head' });
      await (await LateCrossEncoder.fit(pairs, { ...small, biEncoder: head })).save(dir);
    },
    load: (dir) => LateCrossEncoder.load(dir, { pretrained }),
    use: async (encoder) => {
      assert.equal((await encoder.score('some robbers', ['a heist', 'a farm'])).length, 2);
    },
    changes: 30,
  }))
    test(name, run);
});
