import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream, readArtifact, writeArtifact } from '@palate/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { HnswIndex } from '../../src/index.js';
import { checkHnswFile } from '../../src/vector/hnsw-file.js';

const WIDTH = 8;
const COUNT = 120;

describe('a saved graph', () => {
  let dir: string;
  let bytes: Uint8Array;
  const shape = { width: WIDTH, links: 4, count: COUNT };

  beforeAll(async () => {
    const random = new RandomStream(1);
    const index = await HnswIndex.create(WIDTH, { links: 4 });
    const vectors = Float32Array.from({ length: COUNT * WIDTH }, () => random.normal());
    await index.add(
      Array.from({ length: COUNT }, (_, k) => `v${k}`),
      vectors,
    );
    await index.remove(['v5', 'v9']);
    dir = join(mkdtempSync(join(tmpdir(), 'palate-hnsw-')), 'index');
    await index.save(dir);
    bytes = (await readArtifact(dir, 'hnsw-index', 2)).files['graph.hnsw'] as Uint8Array;
  });

  it('passes as it was written, removed vectors and an empty graph included', async () => {
    expect(() => checkHnswFile(bytes, shape)).not.toThrow();
    const empty = join(mkdtempSync(join(tmpdir(), 'palate-hnsw-')), 'index');
    await (await HnswIndex.create(WIDTH)).save(empty);
    expect((await HnswIndex.load(empty)).size).toBe(0);
  });

  it('is refused where any number of its frame or its links is not what it has to be', () => {
    const element = 4 + 8 * 4 + WIDTH * 4 + 8;
    const first = 96;
    const changed = (change: (view: DataView, copy: Uint8Array) => void): Uint8Array => {
      const copy = Uint8Array.from(bytes);
      change(new DataView(copy.buffer), copy);
      return copy;
    };
    // Each header number, one after the other.
    for (const at of [0, 8, 16, 24, 32, 40, 56, 64, 72])
      expect(() =>
        checkHnswFile(
          changed((view) => view.setBigUint64(at, 1n << 40n, true)),
          shape,
        ),
      ).toThrow(/in the graph/);
    for (const [what, at] of [
      ['the highest level', 48],
      ['the entry', 52],
      ['a link', first + 4],
      ['a count of links', first],
      ['a label', first + element - 8],
      ['a size of upper links', first + COUNT * element],
    ] as const)
      expect(
        () =>
          checkHnswFile(
            changed((view) => view.setUint32(at, 0x7fff_fff0, true)),
            shape,
          ),
        what,
      ).toThrow(/in the graph/);
    expect(() =>
      checkHnswFile(
        changed((view) => view.setFloat32(first + 36, Number.NaN, true)),
        shape,
      ),
    ).toThrow(/finite vectors/);
    for (const length of [0, 50, bytes.length - 1])
      expect(() => checkHnswFile(bytes.subarray(0, length), shape)).toThrow(/in the graph/);
    expect(() => checkHnswFile(Uint8Array.from([...bytes, 0]), shape)).toThrow(/in the graph/);
    for (const other of [
      { ...shape, width: 9 },
      { ...shape, links: 5 },
      { ...shape, count: 119 },
    ])
      expect(() => checkHnswFile(bytes, other)).toThrow(/in the graph/);
  });

  it('with a checksum of its own is still an error of the artifact, before the library opens it', async () => {
    const { manifest, files } = await readArtifact(dir, 'hnsw-index', 2);
    const forged = join(mkdtempSync(join(tmpdir(), 'palate-hnsw-')), 'index');
    const graph = Uint8Array.from(bytes);
    new DataView(graph.buffer).setUint32(52, COUNT + 3, true);
    const write = (config: unknown, own: Record<string, Uint8Array>) =>
      writeArtifact(forged, { kind: 'hnsw-index', version: 2, config, files: own });
    let opened = 0;
    const { default: library } = (await import('hnswlib-node')) as unknown as {
      default: typeof import('hnswlib-node');
    };
    const watching = {
      ...library,
      HierarchicalNSW: class extends library.HierarchicalNSW {
        override async readIndex(...args: Parameters<typeof this.readIndexSync>): Promise<boolean> {
          opened++;
          return super.readIndex(...args);
        }
      },
    };
    const config = manifest.config as Record<string, unknown>;
    for (const [own, changedFiles] of [
      [config, { ...files, 'graph.hnsw': graph }],
      [{ ...config, width: 9 }, files],
      [{ ...config, width: undefined }, files],
      [{ ...config, links: 1e9 }, files],
      [null, files],
      [config, { ...files, 'labels.json': Buffer.from('{"a": 1}') }],
      [config, { ...files, 'labels.json': Buffer.from('["v0"]') }],
    ] as const) {
      await write(own, changedFiles as Record<string, Uint8Array>);
      await expect(HnswIndex.load(forged, { library: watching as never })).rejects.toMatchObject({
        code: 'artifact',
      });
    }
    expect(opened).toBe(0);
    await write(config, files as Record<string, Uint8Array>);
    expect((await HnswIndex.load(forged, { library: watching as never })).size).toBe(COUNT - 2);
    expect(opened).toBe(1);
  });
});
