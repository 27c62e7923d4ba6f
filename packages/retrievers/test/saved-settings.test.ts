import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  InteractionLog,
  type Retriever,
  readArtifact,
  type Saveable,
  type TensorData,
  writeArtifact,
} from '@palate/core';
import { describe, expect, it } from 'vitest';
import {
  Bert4Rec,
  Bm25Retriever,
  BprMf,
  Ease,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  RandomRetriever,
  SasRec,
  UserKnn,
} from '../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 60 }, (_, k) => ({
    user: `u${k % 10}`,
    item: `i${(k * 7 + Math.floor(k / 10)) % 12}`,
    timestamp: k,
  })),
);
const dataset: Dataset = createDataset({
  name: 'small',
  log,
  catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
  licence: 'MIT',
  source: 'made up',
});
const sequential = { dimension: 8, blocks: 1, heads: 2, maxLength: 6, epochs: 1, batchSize: 8 };

interface Case {
  readonly kind: string;
  readonly version: number;
  readonly fit: () => Promise<Retriever & Saveable>;
  readonly load: (dir: string) => Promise<Retriever>;
  /** Settings that no fit would have taken, or that do not belong to the weights. */
  readonly forged: readonly Readonly<Record<string, unknown>>[];
}

const SEQUENTIAL_FORGERIES = [
  { heads: 3 },
  { heads: 0 },
  { dimension: 16 },
  { dimension: 8192 },
  { blocks: 2 },
  { blocks: 0 },
  { maxLength: 100_000 },
  { maxLength: 4000 },
  { dropout: 'much' },
];

const cases: Record<string, Case> = {
  ItemKnn: {
    kind: 'item-knn',
    version: 2,
    fit: () => ItemKnn.fit(dataset, { neighbours: 3 }),
    load: (dir) => ItemKnn.load(dir),
    forged: [{ neighbours: 0 }, { shrinkage: '1' }],
  },
  UserKnn: {
    kind: 'user-knn',
    version: 2,
    fit: () => UserKnn.fit(dataset),
    load: (dir) => UserKnn.load(dir),
    forged: [{ neighbours: 1.5 }, { shrinkage: -1 }],
  },
  Ease: {
    kind: 'ease',
    version: 2,
    fit: () => Ease.fit(dataset),
    load: (dir) => Ease.load(dir),
    forged: [{ lambda: 0 }],
  },
  ImplicitAls: {
    kind: 'implicit-als',
    version: 2,
    fit: () => ImplicitAls.fit(dataset, { factors: 4, iterations: 1 }),
    load: (dir) => ImplicitAls.load(dir),
    forged: [{ factors: 5 }, { factors: 1e9 }, { alpha: -2 }],
  },
  BprMf: {
    kind: 'bpr-mf',
    version: 2,
    fit: () => BprMf.fit(dataset, { factors: 4, epochs: 1 }),
    load: (dir) => BprMf.load(dir),
    forged: [{ factors: 5 }, { learningRate: -1 }, { seed: 'zero' }],
  },
  Popularity: {
    kind: 'popularity',
    version: 2,
    fit: () => PopularityRetriever.fit(dataset),
    load: (dir) => PopularityRetriever.load(dir),
    forged: [{ halfLifeDays: -3 }],
  },
  Random: {
    kind: 'random',
    version: 1,
    fit: () => RandomRetriever.fit(dataset),
    load: (dir) => RandomRetriever.load(dir),
    forged: [{ seed: 0.5 }],
  },
  Bm25: {
    kind: 'bm25',
    version: 2,
    fit: () => Bm25Retriever.fit(dataset),
    load: (dir) => Bm25Retriever.load(dir),
    forged: [{ k1: -1 }, { b: 7 }],
  },
  SasRec: {
    kind: 'sasrec',
    version: 2,
    fit: () => SasRec.fit(dataset, sequential),
    load: (dir) => SasRec.load(dir),
    forged: [...SEQUENTIAL_FORGERIES, { loss: 'hinge' }],
  },
  Bert4Rec: {
    kind: 'bert4rec',
    version: 2,
    fit: () => Bert4Rec.fit(dataset, sequential),
    load: (dir) => Bert4Rec.load(dir),
    forged: [...SEQUENTIAL_FORGERIES, { maskShare: 1 }],
  },
};

for (const [name, { kind, version, fit, load, forged }] of Object.entries(cases))
  describe(`${name} from a folder whose checksums hold`, () => {
    const refused = { code: 'artifact' };

    it('is refused with settings that no fit took or that the weights contradict, never rebuilt otherwise', async () => {
      const dir = join(mkdtempSync(join(tmpdir(), 'palate-forged-')), 'saved');
      await (await fit()).save(dir);
      const { manifest, tensors, files } = await readArtifact(dir, kind, version);
      const write = (config: unknown, own: Record<string, TensorData> = tensors as never) =>
        writeArtifact(dir, { kind, version, config, tensors: own, files });
      const config = manifest.config as Record<string, unknown>;
      for (const change of forged) {
        await write({ ...config, ...change });
        await expect(load(dir), JSON.stringify(change)).rejects.toMatchObject(refused);
      }
      for (const other of [null, 3, [], 'x', { ...config, unheardOf: 1 }]) {
        await write(other);
        await expect(load(dir), JSON.stringify(other)).rejects.toMatchObject(refused);
      }
      for (const setting of Object.keys(config)) {
        const { [setting]: _, ...rest } = config;
        await write(rest);
        await expect(load(dir), `without ${setting}`).rejects.toMatchObject(refused);
      }
      // Each tensor missing, of another shape, and with a value that is no number or no index.
      for (const [tensor, { shape, values }] of Object.entries(tensors)) {
        const { [tensor]: _, ...rest } = tensors;
        const changed = values.slice() as typeof values;
        changed[0] = values instanceof Float32Array ? Number.NaN : -5;
        for (const own of [
          rest,
          { ...tensors, [tensor]: { shape: [...shape, 1], values } },
          ...(tensor.startsWith('model/') ? [] : [{ ...tensors, [tensor]: { shape, values: changed } }]),
        ]) {
          await write(config, own as Record<string, TensorData>);
          await expect(load(dir), tensor).rejects.toMatchObject(refused);
        }
      }
      await writeArtifact(dir, {
        kind,
        version,
        config,
        tensors,
        files: { ...files, 'items.json': '"abcdefghijkl"' },
      });
      await expect(load(dir)).rejects.toMatchObject(refused);
    });

    it('is what it was with the settings it was saved with', async () => {
      const dir = join(mkdtempSync(join(tmpdir(), 'palate-forged-')), 'saved');
      const fitted = await fit();
      await fitted.save(dir);
      const asked = [{ history: [0, 3, 5] }, {}];
      expect(await (await load(dir)).retrieve(asked, 5)).toEqual(await fitted.retrieve(asked, 5));
    });
  });
