import { type Dataset, joinProvenance, type LongCallOptions, type Retriever } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { ndcgOfLists } from '@palate/eval';
import { Bm25Retriever, TextRetriever } from '@palate/retrievers';
import { benchmarkEncoder, itemTextFamily, itemVectors, type TextFamily } from '../item-texts.js';
import { readFolderLines } from '../prepare.js';
import type { Study } from './study.js';

const FAMILIES: readonly { readonly label: string; readonly families: readonly TextFamily[] }[] = [
  { label: 'title and genres', families: ['catalogue'] },
  { label: 'knowledge', families: ['knowledge'] },
  { label: 'title, genres and knowledge', families: ['catalogue', 'knowledge'] },
  { label: 'title, genres, knowledge and tags', families: ['catalogue', 'knowledge', 'tags'] },
];

/** Narrative requests of people who look for one film, answered by text alone. */
export const textRequests: Study = {
  name: 'text-requests',
  title: 'Real requests for a film that someone half remembers (Reddit), found by text alone',
  protocol:
    'Validation requests of the tot-reddit collection whose film is in the 5-core catalogue of MovieTweetings, joined by IMDb number; one right film each; full catalogue of 2,414; use-lite reads at most 128 pieces of a request, BM25 all of it.',
  run: async (context) => {
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    const requests = (await readFolderLines('tot-reddit', 'derived/movie_queries.jsonl')).flatMap(
      (record) => {
        const imdb = JSON.stringify(record).match(/"tt(\d+)"/)?.[1];
        const item = imdb === undefined ? undefined : dataset.log.items.find(imdb);
        const text = record.text ?? record.query ?? record.description;
        return record.split === 'validation' && item !== undefined && typeof text === 'string'
          ? [{ item, text }]
          : [];
      },
    );
    const rows: string[][] = [];
    for (const { label, families } of FAMILIES)
      for (const method of ['BM25', 'use-lite'] as const) {
        const values = await context.cell(
          `${method} ${label}`,
          [method, families, requests.length, 2],
          async (call) => {
            const retriever =
              method === 'BM25'
                ? await bm25(dataset, families)
                : await textRetriever(dataset, families, call);
            const lists = await retriever.retrieve(
              requests.map(({ text }) => ({ text })),
              100,
            );
            const targets = requests.map(({ item }) => [item]);
            const at = (k: number) => {
              const isFound = ({ item }: { readonly item: number }, q: number): boolean =>
                lists[q]?.slice(0, k).some((entry) => entry.item === item) ?? false;
              return {
                hr: requests.filter(isFound).length / requests.length,
                ndcg: ndcgOfLists(lists, targets, k),
              };
            };
            return { ten: at(10), hundred: at(100) };
          },
        );
        rows.push([
          `${method}, ${label}`,
          ...[values.ten.hr, values.ten.ndcg, values.hundred.hr, values.hundred.ndcg].map((value) =>
            value.toFixed(4),
          ),
        ]);
      }
    return {
      columns: [`method (${requests.length} requests)`, 'HR@10', 'NDCG@10', 'HR@100', 'NDCG@100'],
      rows,
    };
  },
};

async function withTexts(dataset: Dataset, families: readonly TextFamily[]): Promise<Dataset> {
  const parts = await Promise.all(families.map((family) => itemTextFamily(dataset, family)));
  const texts = Array.from({ length: dataset.log.items.size }, (_, item) =>
    parts.map((family) => family.texts[item]).join('. '),
  );
  const provenance = joinProvenance(parts.map((family) => family.provenance));
  return { ...dataset, catalog: dataset.catalog.withText('all', texts, provenance) };
}

async function bm25(dataset: Dataset, families: readonly TextFamily[]): Promise<Retriever> {
  return Bm25Retriever.fit(await withTexts(dataset, families), { fields: ['all'] });
}

async function textRetriever(
  dataset: Dataset,
  families: readonly TextFamily[],
  call: LongCallOptions,
): Promise<Retriever> {
  const encoder = await benchmarkEncoder();
  return TextRetriever.fit(dataset, { encoder, vectors: await itemVectors(dataset, families, call) });
}
