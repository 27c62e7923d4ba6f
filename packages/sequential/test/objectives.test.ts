// Facts about the losses that sample: what they draw, what a correction makes of it, and that they learn.
import { type InteractionLog, RandomStream, withLog } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { describe, expect, test } from 'vitest';
import { SasRec, type SasRecOptions } from '../src/index.js';
import { NegativeSampler, SAMPLING } from '../src/negatives.js';
import { ring } from './ring.js';

const dataset = ring(60, 12, 9);
const split = leaveOneOut(dataset.log);
const train = withLog(dataset, split.train);
const OPTIONS = {
  dimension: 16,
  blocks: 1,
  maxLength: 8,
  batchSize: 32,
  dropout: 0,
  epochs: 15,
  learningRate: 0.01,
};

describe('a sampler of negatives', () => {
  test.each(SAMPLING)('draws items as often as it says, %s', (sampling) => {
    const { log } = train;
    const sampler = new NegativeSampler(log, sampling);
    const random = new RandomStream(2);
    const draws = 24_000;
    const counts = new Float64Array(log.items.size);
    // Next items of a step that are those of the log: their shares are the popularity that is expected of them.
    for (let k = 0; k < draws; k++) counts[sampler.draw(random, log.item)]!++;
    for (const [item, count] of counts.entries()) {
      const expected = Math.exp(sampler.logExpected(item, draws));
      // Five standard deviations of a count.
      expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  test('gives an item that is not the user’s own, though the sampling has no other', () => {
    const sampler = new NegativeSampler(train.log, 'popularity');
    const own = new Set(Array.from({ length: 11 }, (_, item) => item));
    expect(sampler.drawOther(new RandomStream(1), [], own)).toBe(11);
  });
});

describe('the loss before anything is learned, when all scores are 0,', () => {
  const untaught = {
    ...OPTIONS,
    epochs: 1,
    learningRate: 0,
    itemDeviation: 1e-6,
    loss: 'sampled-softmax',
  } as const;
  const lossOf = async (options: SasRecOptions): Promise<number> => {
    using model = await SasRec.fit(train, { ...untaught, ...options });
    return model.history[0]?.loss as number;
  };

  test('is the logarithm of one and the negatives, none of which is the next item', async () => {
    // An own draw for each position never is the user's; of those shared by all about a twelfth is the next item.
    expect(await lossOf({ negatives: 7 })).toBeCloseTo(Math.log(8), 3);
    const shared = await lossOf({ negatives: 600, shareNegatives: true });
    expect(Math.abs(shared - Math.log(1 + (600 * 11) / 12))).toBeLessThan(0.02);
  });

  test.each(SAMPLING)('estimates that over the catalogue where it is corrected, %s', async (sampling) => {
    const corrected = { negatives: 3000, shareNegatives: true, logQ: true, sampling } as const;
    // Twelve items compete, or the next one and the five that its user never used.
    expect(Math.abs((await lossOf(corrected)) - Math.log(12))).toBeLessThan(0.04);
    expect(Math.abs((await lossOf({ ...corrected, competitors: 'unseen' })) - Math.log(6))).toBeLessThan(
      0.06,
    );
  });

  test('is refused where a correction or exclusion would do nothing', async () => {
    await expect(lossOf({ loss: 'gbce', logQ: true })).rejects.toThrow(
      "logQ with the loss 'sampled-softmax'",
    );
    await expect(lossOf({ competitors: 'unseen' })).rejects.toThrow("competitors to be 'all' or");
  });
});

describe('what comes next in a ring is learned', () => {
  const cases: Record<string, SasRecOptions> = {
    'by shared negatives, mixed and corrected': {
      loss: 'sampled-softmax',
      shareNegatives: true,
      negatives: 8,
      sampling: 'mixed',
      logQ: true,
    },
    'by gBCE with shared negatives': { loss: 'gbce', shareNegatives: true, negatives: 8, epochs: 40 },
    'through layers of LiGR': { layers: 'ligr', inner: 32, loss: 'sampled-softmax', negatives: 8 },
  };
  test.each(Object.entries(cases))('%s', async (_, options) => {
    using model = await SasRec.fit(train, { ...OPTIONS, ...options });
    const { metrics } = await evaluateRanking(
      model,
      { history: split.train, test: split.validation as InteractionLog },
      { metrics: ['hr@1'], resamples: 0 },
    );
    expect(metrics['hr@1']?.mean ?? 0).toBeGreaterThan(0.9);
  });
});
