import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** Code of a page that uses both packages: logs, lists, metrics, tests, and a whole evaluation, in memory. */
const PAGE = `
import { Catalog, IdMap, InteractionLog, PalateError, topK, unavailableItems } from '@palate/core';
import { evaluateRanking, holm, rankingReport, toMarkdown, wilcoxonSignedRank } from '@palate/eval';

async function page() {
  const log = InteractionLog.fromRows([
    { user: 'ann', item: 'tea', timestamp: 1 },
    { user: 'bob', item: 'tea', timestamp: 2 },
    { user: 'cleo', item: 'cup', timestamp: 3 },
    { user: 'ann', item: 'cup', timestamp: 4 },
    { user: 'bob', item: 'pot', timestamp: 5 },
  ]);
  const history = log.select(Int32Array.of(0, 1, 2));
  const test = log.select(Int32Array.of(3, 4));
  const catalog = new Catalog({ items: log.items, text: { title: ['Tea', 'Cup', 'Pot'] } });
  const scores = Float32Array.from(history.itemCounts());
  const popularity = {
    name: 'popularity',
    items: log.items,
    retrieve: async (queries, k, options) =>
      queries.map((query) => topK(scores, k, unavailableItems(query, log.items.size, options))),
  };
  let code;
  try {
    new IdMap(['a', 'a']);
  } catch (error) {
    if (PalateError.is(error)) code = error.code;
  }
  const result = await evaluateRanking(popularity, { history, test }, { metrics: ['hr@1', 'mrr@2'] });
  return {
    best: topK(scores, 1).map(({ item }) => catalog.itemText(item, ['title'])),
    code,
    exact: wilcoxonSignedRank([1, 2, 3, 5], [0, 0, 0, 0]).pValue,
    holm: holm([0.01, 0.04]),
    hr: result.metrics['hr@1'].mean,
    mrr: result.metrics['mrr@2'].mean,
    fingerprint: result.fingerprints.history,
    report: toMarkdown(rankingReport('Page', [result])),
  };
}
answer = page();
`;

test('core and eval bundle for a browser, and compute where nothing of Node is there', async () => {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: import.meta.dirname, loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    conditions: ['palate-source'],
    // Parts that read and write files import Node; whoever uses none of them gets none of them.
    external: ['node:*'],
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.text ?? '';
  expect(code.match(/^.*(?:from "node:|\brequire\().*$/gm)).toBeNull();
  // A realm of its own has JavaScript, and what is named here: no process, no Buffer, no require.
  const page = createContext({ answer: undefined, TextEncoder, performance, setTimeout });
  runInContext(code, page);
  const answer = await page.answer;
  expect(answer).toMatchObject({ code: 'invalid-input' });
  expect([...answer.best]).toEqual(['Tea']);
  expect([...answer.holm]).toEqual([0.02, 0.04]);
  // Signs all alike: 2 of 16 assignments are as extreme.
  expect(answer.exact).toBeCloseTo(2 / 16, 12);
  // Ann's cup is the first item left to her; Bob's pot comes behind the cup.
  expect(answer.hr).toBe(1 / 2);
  expect(answer.mrr).toBe((1 + 1 / 2) / 2);
  expect(answer.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(answer.report).toContain('popularity');
});
