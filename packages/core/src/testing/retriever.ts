import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '../catalog.js';
import { createDataset, type Dataset } from '../dataset.js';
import { InteractionLog } from '../interaction-log.js';
import type { OutcomeCounts } from '../outcome-counts.js';
import { RandomStream } from '../random.js';
import { isCatalogueScorer, type Query, type Retriever, type Saveable } from '../retriever.js';
import { unavailableItems } from '../top-k.js';
import type { ConformanceCase } from './conformance.js';
import { refuses } from './refuses.js';

/** What {@link retrieverConformance} needs to know. */
export interface RetrieverConformanceOptions {
  /** Fits the retriever under test; called with equal arguments it has to give equal retrievers. */
  readonly create: (dataset: Dataset, seed: number) => Promise<Retriever>;
  /** Loads what `save` wrote, where the retriever can be saved. */
  readonly load?: ((dir: string) => Promise<Retriever>) | undefined;
  /**
   * What an empty query gets: `'favourites'`, the items with most interactions in training; `'own choice'` for systems
   * that answer everybody alike by an idea of their own, such as random or recent ones. Default `'favourites'`.
   */
  readonly emptyQuery?: 'favourites' | 'own choice' | undefined;
}

/** A small data set with structure: two groups of users with tastes of their own, ratings, times and titles. */
function groupedDataset(seed: number): Dataset {
  const random = new RandomStream(seed);
  const rows: { user: string; item: string; timestamp: number; rating: number }[] = [];
  for (let u = 0; u < 30; u++) {
    const taste = u % 2;
    const seen = new Set<number>();
    while (seen.size < 8) seen.add((random.uniform() < 0.85 ? taste : 1 - taste) * 12 + random.integer(12));
    let time = 1000 + u;
    for (const item of seen) {
      rows.push({ user: `u${u}`, item: `i${item}`, timestamp: time, rating: 3 + random.integer(3) });
      time += 50;
    }
  }
  const log = InteractionLog.fromRows(rows);
  const titles = Array.from(log.items, (id) =>
    Number(id.slice(1)) < 12 ? `quiet drama ${id}` : `space battle ${id}`,
  );
  return createDataset({
    name: 'conformance',
    log,
    catalog: new Catalog({ items: log.items, text: { title: titles } }),
    licence: 'MIT',
    source: 'generated',
  });
}

/**
 * The contract of `Retriever` as a list of cases to run.
 *
 * Covers list length, order, distinctness, exclusion, candidates, unseen users, empty queries, batching,
 * determinism, cancellation, bad input, catalogue scores, and saving with damaged and foreign folders.
 */
export function retrieverConformance(options: RetrieverConformanceOptions): ConformanceCase[] {
  const dataset = groupedDataset(7);
  let fitted: Promise<Retriever> | undefined;
  const subject = (): Promise<Retriever> => {
    fitted ??= options.create(dataset, 1);
    return fitted;
  };
  const queries = (retriever: Retriever): Query[] => {
    const n = retriever.items.size;
    const history = Array.from(dataset.log.history(0), (item) =>
      retriever.items.find(dataset.log.items.idOf(item)),
    );
    const known = history.filter((item) => item !== undefined);
    return [
      { user: dataset.log.users.idOf(0), history: known },
      { history: known.slice(0, 1) },
      { history: known.slice(0, 3), exclude: [n - 1, n - 2] },
      { history: known.slice(2), candidates: [0, 1, 2, 3, 4, 5, 6, 7] },
      { text: 'space battle', history: [] },
      {},
    ];
  };
  const cases: ConformanceCase[] = [
    {
      name: 'returns min(k, available) different available items, best first',
      run: async () => {
        const retriever = await subject();
        const asked = queries(retriever);
        for (const k of [1, 5, retriever.items.size + 10]) {
          const lists = await retriever.retrieve(asked, k);
          assert.equal(lists.length, asked.length);
          for (const [q, list] of lists.entries()) {
            const skip = unavailableItems(asked[q] as Query, retriever.items.size);
            const available = skip.reduce((count, flag) => count + (flag ? 0 : 1), 0);
            assert.equal(list.length, Math.min(k, available), `length of list ${q} at k ${k}`);
            assert.equal(new Set(list.map((entry) => entry.item)).size, list.length, 'items repeat');
            for (const [rank, entry] of list.entries()) {
              assert.ok(!skip[entry.item], `list ${q} holds the unavailable item ${entry.item}`);
              assert.ok(Number.isFinite(entry.score), 'scores are finite');
              const before = list[rank - 1];
              if (before)
                assert.ok(
                  before.score > entry.score || (before.score === entry.score && before.item < entry.item),
                  'scores never increase; equal scores stand by lower item',
                );
            }
          }
        }
      },
    },
    {
      name: 'answers empty queries and unknown users with the general favourites, and counts them',
      run: async () => {
        if (options.emptyQuery === 'own choice') return;
        const retriever = await subject();
        const counts = dataset.log.itemCounts();
        const countOf = ({ item }: { readonly item: number }): number =>
          counts[dataset.log.items.indexOf(retriever.items.idOf(item))] as number;
        const most = Array.from(retriever.items, (_, item) => countOf({ item })).sort((a, b) => b - a);
        const asked: Query[] = [{}, { user: 'somebody new' }, { user: 'somebody new', history: [] }];
        const told: OutcomeCounts[] = [];
        const lists = await retriever.retrieve(asked, 6, { onOutcomes: (outcomes) => told.push(outcomes) });
        for (const list of lists) assert.deepEqual(list.map(countOf), most.slice(0, 6));
        // A fallback is told by whoever fell back; a system whose own answer is the favourites has none.
        for (const { asked: many, fellBack } of told) {
          assert.equal(many, asked.length);
          assert.ok(fellBack === 0 || fellBack === asked.length, `${fellBack} fell back`);
        }
        const [first = []] = lists;
        const excluded = first.slice(0, 2).map(({ item }) => item);
        const [rest = []] = await retriever.retrieve([{ exclude: excluded }], 4);
        assert.deepEqual(rest.map(countOf), most.slice(2, 6));
      },
    },
    {
      name: 'gives history items back when asked to',
      run: async () => {
        const retriever = await subject();
        const [query] = queries(retriever);
        const [list = []] = await retriever.retrieve([query as Query], retriever.items.size, {
          includeHistory: true,
        });
        assert.equal(list.length, retriever.items.size);
      },
    },
    {
      name: 'answers a query alike alone and in a batch',
      run: async () => {
        const retriever = await subject();
        const asked = queries(retriever);
        const together = await retriever.retrieve(asked, 6);
        for (const [q, query] of asked.entries()) {
          const [alone = []] = await retriever.retrieve([query], 6);
          assert.deepEqual(
            alone.map((e) => e.item),
            (together[q] ?? []).map((e) => e.item),
          );
          for (const [rank, entry] of alone.entries()) {
            const score = together[q]?.[rank]?.score as number;
            assert.ok(Math.abs(entry.score - score) <= 1e-5 * Math.max(1, Math.abs(score)), 'scores differ');
          }
        }
        assert.deepEqual(await retriever.retrieve([], 3), []);
      },
    },
    {
      name: 'gives the same lists when fitted again with the same seed',
      run: async () => {
        const first = await subject();
        const second = await options.create(dataset, 1);
        const asked = queries(first);
        assert.deepEqual(await second.retrieve(asked, 8), await first.retrieve(asked, 8));
      },
    },
    {
      name: 'refuses a bad k and item indexes out of range',
      run: async () => {
        const retriever = await subject();
        for (const k of [0, -1, 1.5, Number.NaN])
          await refuses(() => retriever.retrieve([{}], k), 'invalid-input');
        const n = retriever.items.size;
        for (const field of ['history', 'exclude', 'candidates'] as const)
          for (const item of [n, -1, 0.5])
            await refuses(() => retriever.retrieve([{ [field]: [item] }], 3), 'invalid-input');
      },
    },
    {
      name: 'stops when its signal has fired',
      run: async () => {
        const retriever = await subject();
        const asked = queries(retriever);
        await refuses(() => retriever.retrieve(asked, 3, { signal: AbortSignal.abort() }), 'cancelled');
      },
    },
    {
      name: 'scores the catalogue in agreement with its lists',
      run: async () => {
        const retriever = await subject();
        if (!isCatalogueScorer(retriever)) return;
        const asked = queries(retriever);
        const n = retriever.items.size;
        const scores = await retriever.scoreAll(asked);
        assert.equal(scores.length, asked.length * n);
        const lists = await retriever.retrieve(asked, n);
        for (const [q, list] of lists.entries())
          for (const { item, score } of list) {
            const other = scores[q * n + item] as number;
            assert.ok(
              Math.abs(score - other) <= 1e-5 * Math.max(1, Math.abs(score)),
              `item ${item}: ${score} and ${other}`,
            );
          }
      },
    },
  ];
  const { load } = options;
  if (load)
    cases.push(
      {
        name: 'comes back from a saved folder with the same lists',
        run: () =>
          inTemporaryFolder(async (root) => {
            const retriever = (await subject()) as Retriever & Saveable;
            const dir = join(root, 'saved');
            await retriever.save(dir);
            await retriever.save(dir);
            const again = await load(dir);
            assert.deepEqual([...again.items], [...retriever.items]);
            const asked = queries(retriever);
            assert.deepEqual(await again.retrieve(asked, 8), await retriever.retrieve(asked, 8));
            assert.deepEqual(await readdir(root), ['saved'], 'nothing else is left beside it');
          }),
      },
      {
        name: 'refuses a missing, foreign or damaged folder, and will not overwrite a foreign one',
        run: () =>
          inTemporaryFolder(async (root) => {
            await refuses(() => load(join(root, 'nowhere')), 'artifact');
            await refuses(() => load(root), 'artifact');
            const retriever = (await subject()) as Retriever & Saveable;
            await writeFile(join(root, 'letter.txt'), 'keep me');
            await refuses(() => retriever.save(root), 'artifact');
            const whole = join(root, 'saved');
            await retriever.save(whole);
            for (const name of await readdir(whole)) {
              const dir = join(root, `without-${name}`);
              await retriever.save(dir);
              await writeFile(join(dir, name), 'damaged');
              await refuses(() => load(dir), 'artifact');
            }
          }),
      },
    );
  return cases;
}

async function inTemporaryFolder(use: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'palate-conformance-'));
  try {
    await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
