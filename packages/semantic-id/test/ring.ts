import {
  Catalog,
  createDataset,
  type Dataset,
  EmbeddingTable,
  InteractionLog,
  RandomStream,
  WORLD,
} from '@palate/core';
import { RqKMeans, SemanticIds, type TigerOptions } from '../src/index.js';

/** Users walk round a ring of items: what comes next is certain. */
export function ring(users: number, items: number, steps: number, unseen = 0): Dataset {
  const rows = [];
  for (let user = 0; user < users; user++)
    for (let step = 0; step < steps; step++)
      rows.push({ user: `u${user}`, item: `i${(user + step) % items}`, timestamp: 100 * user + step });
  const log = InteractionLog.fromRows(rows);
  const all = [...log.items, ...Array.from({ length: unseen }, (_, k) => `new${k}`)];
  const wide =
    unseen === 0
      ? log
      : InteractionLog.fromRows([
          ...rows,
          ...all.slice(log.items.size).map((item) => ({ user: 'u0', item, timestamp: 1e6 })),
        ]).select(Int32Array.from({ length: rows.length }, (_, row) => row));
  return createDataset({
    name: 'ring',
    log: wide,
    catalog: new Catalog({ items: wide.items, text: { title: [...wide.items] } }),
    licence: 'MIT',
    source: 'made up',
  });
}

/** IDs from vectors that a seed draws. */
export async function idsOf(dataset: Dataset, size = 4, collisionLevels?: number): Promise<SemanticIds> {
  const random = new RandomStream(4);
  const { items } = dataset.log;
  const table = new EmbeddingTable(
    items,
    3,
    Float32Array.from({ length: items.size * 3 }, () => random.normal()),
    WORLD,
  );
  return SemanticIds.assign(await RqKMeans.fit(table, { levels: 2, size, minimumUsage: 0 }), table, {
    encoder: 'drawn',
    collisionLevels,
  });
}

/** Options of a model that is fitted in a moment. */
export const TINY: Record<string, Omit<TigerOptions, 'ids'>> = {
  efficient: { dimension: 8, heads: 1, blocks: 1, maxLength: 8, batchSize: 16, epochs: 2 },
  faithful: {
    mode: 'faithful',
    dimension: 8,
    heads: 1,
    blocks: 1,
    inner: 16,
    maxLength: 4,
    userTokens: 5,
    batchSize: 32,
    epochs: 1,
    learningRate: 0.01,
  },
};
