import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Dataset,
  EmbeddingTable,
  fingerprint,
  IdMap,
  type InteractionLog,
  madeFrom,
  noteParts,
  type Provenance,
  provenanceOfLog,
  RandomStream,
  UNKNOWN,
  WORLD,
  withLog,
} from '@palate/core';
import { evaluateRanking } from '@palate/eval';
import { describe, expect, it } from 'vitest';
import { LshCodebook, RandomCodebook, RqKMeans, RqVae, SemanticIds, Tiger } from '../src/index.js';
import { ring, TINY } from './ring.js';

const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-provenance-')), 'saved');
const dataset = ring(20, 12, 6);
/** Rows of every user's interactions from one position to another. */
const part = (from: number, to: number): InteractionLog => {
  const { offsets, row } = dataset.log.byUser();
  const rows = [...dataset.log.users].flatMap((_, user) =>
    Array.from(row.subarray((offsets[user] ?? 0) + from, (offsets[user] ?? 0) + to)),
  );
  return dataset.log.select(Int32Array.from(rows));
};
const split = { train: part(0, 4), validation: part(4, 5), test: part(5, 6), known: part(0, 5) };
noteParts(split.known, [split.train, split.validation]);
const train: Dataset = withLog(dataset, split.train);

function vectors(provenance: Provenance, ids: IdMap = dataset.log.items): EmbeddingTable {
  const random = new RandomStream(8);
  return new EmbeddingTable(
    ids,
    3,
    Float32Array.from({ length: 3 * ids.size }, () => random.normal()),
    provenance,
  );
}

const CODEBOOK = { levels: 2, size: 4, minimumUsage: 0 };

async function idsFrom(provenance: Provenance): Promise<SemanticIds> {
  const table = vectors(provenance);
  return SemanticIds.assign(await RqKMeans.fit(table, CODEBOOK), table, { encoder: 'drawn' });
}

describe('semantic IDs', () => {
  const known = madeFrom({ until: 5 });

  it('know what their vectors and their codebook know, of whatever kind it is, through saving', async () => {
    const shape = { levels: 2, size: 4 };
    for (const codebook of [
      await RqKMeans.fit(vectors(known), CODEBOOK),
      await RqVae.fit(vectors(known), { ...CODEBOOK, hidden: [4], latent: 2, epochs: 1 }),
      await LshCodebook.fit(vectors(known), shape),
      await RandomCodebook.fit(vectors(known), shape),
    ]) {
      const ids = await SemanticIds.assign(codebook, vectors(WORLD), { encoder: 'drawn' });
      expect(ids.provenance, codebook.kind).toEqual(known);
      const dir = folder();
      await ids.save(dir);
      const loaded = await SemanticIds.load(dir);
      expect(loaded.provenance, codebook.kind).toEqual(known);
      expect(loaded.codebook.provenance, codebook.kind).toEqual(known);
    }
  });

  it('know what the vectors of items that come later know', async () => {
    const ids = await idsFrom(WORLD);
    const more = await ids.extend(vectors(known, new IdMap(['later'])));
    expect(more.provenance).toEqual(known);
    expect(more.align(new IdMap([...more.items].reverse())).provenance).toEqual(known);
    expect((await ids.extend(vectors(UNKNOWN, new IdMap(['later'])))).provenance).toEqual(UNKNOWN);
  });
});

describe('TIGER', () => {
  const fit = async (provenance: Provenance): Promise<Tiger> =>
    Tiger.fit(train, {
      ...TINY.efficient,
      epochs: 1,
      ids: await idsFrom(provenance),
      validation: split.validation,
    });
  const evaluate = (tiger: Tiger) =>
    evaluateRanking(tiger, { history: split.known, test: split.test }, { metrics: ['hr@5'], resamples: 0 });
  const leak = { code: 'leak' };

  it('is not stopped by a validation that its IDs know, or may know', async () => {
    await expect(fit(provenanceOfLog(dataset.log))).rejects.toMatchObject(leak);
    await expect(fit(madeFrom({ log: fingerprint(split.known) }))).rejects.toMatchObject(leak);
    await expect(fit(UNKNOWN)).rejects.toMatchObject(leak);
  });

  it('is refused by evaluation where its IDs know the test, after loading too, and admitted where they know training', async () => {
    const tiger = await Tiger.fit(train, {
      ...TINY.efficient,
      epochs: 1,
      ids: await idsFrom(provenanceOfLog(dataset.log)),
    });
    await expect(evaluate(tiger)).rejects.toMatchObject(leak);
    const dir = folder();
    await tiger.save(dir);
    await expect(evaluate(await Tiger.load(dir))).rejects.toMatchObject(leak);
    const fair = await fit(provenanceOfLog(split.train));
    await fair.save(dir);
    expect((await evaluate(await Tiger.load(dir))).users).toBe(20);
  });
});
