// One fit of SASRec with validation after each epoch, in a process of its own; prints a line of JSON. The bench `fit-time.ts`
// copies this file into other checkouts too, so it asks for nothing that is not old: a checkout from before
// @palate/sequential has SASRec in @palate/retrievers.
import { readFileSync } from 'node:fs';
import { Catalog, createDataset, type Dataset, InteractionLog, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { findDatasets, leaveOneOut } from '@palate/datasets';

const { data, recipe, seed, threads } = JSON.parse(process.argv[2] ?? '{}') as {
  /** `bundled`, a file of sequences ("user item item …" a line), or KEY@FOLDER of a data set that is found there. */
  readonly data: string;
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly threads: number;
};

async function load(): Promise<Dataset> {
  if (data === 'bundled') return loadBundledMovieTweetings();
  const [key, folder] = data.split('@');
  const found = folder ? (await findDatasets(folder)).find((each) => each.key === key) : undefined;
  if (found) return found.load({});
  const rows = readFileSync(data, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [user = '', ...items] = line.split(' ');
      return items.map((item, timestamp) => ({ user, item, timestamp }));
    });
  const log = InteractionLog.fromRows(rows);
  const catalog = new Catalog({ items: log.items, text: {} });
  return createDataset({ name: 'sequences', log, catalog, licence: 'not stated', source: data });
}

interface Fitted {
  readonly history: readonly {
    readonly seconds: number;
    readonly metrics: Readonly<Record<string, number>>;
  }[];
}
interface SasRecClass {
  fit(dataset: Dataset, options: object): Promise<Fitted>;
}

/** SASRec of the checkout that this file lies in. */
async function sasRec(): Promise<SasRecClass> {
  const names = ['@palate/sequential', '@palate/retrievers'];
  for (const name of names) {
    const found: { readonly SasRec?: SasRecClass } = await import(name).catch(() => ({}));
    if (found.SasRec) return found.SasRec;
  }
  throw new Error(`no SASRec in ${names.join(' or ')}`);
}

const { selectBackend }: typeof import('@palate/nn') = await import('@palate/nn');
await selectBackend('ort', { threads });
const dataset = await load();
const { train, validation } = leaveOneOut(dataset.log);
const started = performance.now();
const SasRec = await sasRec();
const { history } = await SasRec.fit(withLog(dataset, train), { ...recipe, validation, seed });
console.log(
  JSON.stringify({
    seconds: (performance.now() - started) / 1000,
    peakMebibytes: process.resourceUsage().maxRSS / 1024,
    epochs: history.map(({ seconds, metrics }) => ({ seconds, ndcg: metrics['ndcg@10'] ?? 0 })),
  }),
);
