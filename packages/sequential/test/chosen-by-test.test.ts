import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, InteractionLog, type Retriever, withLog } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { describe, expect, it } from 'vitest';
import { Bert4Rec, SasRec } from '../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 60 }, (_, k) => ({
    user: `u${k % 10}`,
    item: `i${(3 * (k % 10) + 3 * Math.floor(k / 10)) % 20}`,
    timestamp: k,
  })),
);
const split = leaveOneOut(log);
const dataset = createDataset({
  name: 'made up',
  log,
  catalog: new Catalog({ items: log.items, text: {} }),
  licence: 'MIT',
  source: 'made up',
});
const train = withLog(dataset, split.train);
const SMALL = { dimension: 4, heads: 1, blocks: 1, maxLength: 6, epochs: 1 };
const judge = (retriever: Retriever, test = split.test) =>
  evaluateRanking(retriever, { history: split.known, test }, { metrics: ['hr@5'], resamples: 0 });

describe('a model that is stopped by the test', () => {
  for (const Model of [SasRec, Bert4Rec])
    it(`is refused there, and one that is stopped by the validation is not: ${Model.name}`, async () => {
      using leaking = await Model.fit(train, { ...SMALL, validation: split.test });
      await expect(judge(leaking)).rejects.toMatchObject({
        code: 'leak',
        received: expect.stringContaining('the test itself'),
      });
      using fair = await Model.fit(train, { ...SMALL, validation: split.validation });
      expect((await judge(fair)).users).toBe(10);
      using whole = await Model.fit(dataset, SMALL);
      const dir = join(mkdtempSync(join(tmpdir(), 'palate-fitted-')), 'saved');
      await whole.save(dir);
      using loaded = await Model.load(dir);
      await expect(judge(loaded)).rejects.toMatchObject({ code: 'leak' });
      // Options are chosen by the value on the validation that stopped the fit: that is no test.
      const { validation } = split;
      expect(
        (
          await evaluateRanking(
            fair,
            { history: split.train, test: validation as InteractionLog },
            { metrics: ['hr@5'], resamples: 0 },
          )
        ).users,
      ).toBe(10);
    });
});
