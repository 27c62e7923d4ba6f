import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readArtifact, writeArtifact } from '../artifact/artifact.js';
import { readManifest } from '../artifact/artifact-manifest.js';
import type { TensorData } from '../artifact/safetensors.js';
import { savedTexts } from '../artifact/saved-json.js';
import type { Retriever, Saveable } from '../recommend/retriever.js';
import type { ConformanceCase } from './conformance.js';
import { refuses } from './refuses.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** Arguments of {@link savedSettingsConformance}. */
export interface SavedSettingsOptions {
  /** Fits a small retriever whose artifact keeps its items in `items.json`. */
  readonly fit: () => Promise<Retriever & Saveable>;
  readonly load: (dir: string) => Promise<Retriever>;
  /** Settings that no fit would have taken, or that do not belong to the weights. */
  readonly forged: readonly Readonly<Record<string, unknown>>[];
  /** Tensors whose values are not checked one by one when they are loaded. Default: none. */
  readonly unchecked?: ((tensor: string) => boolean) | undefined;
}

/**
 * Tests what an artifact whose checksums hold may do when its settings or tensors are not those of the fit: be
 * refused by an `ArtifactError`, never be rebuilt as another model.
 */
export function savedSettingsConformance(options: SavedSettingsOptions): ConformanceCase[] {
  const { fit, load, forged, unchecked = () => false } = options;
  return [
    {
      name: 'is refused with settings that no fit took, or that its weights contradict',
      run: () =>
        inFolder(async (dir) => {
          await (await fit()).save(dir);
          const { kind, version } = await readManifest(dir);
          const { manifest, tensors, files } = await readArtifact(dir, kind, version);
          const config = manifest.config as Readonly<Record<string, unknown>>;
          const others: unknown[] = [
            ...forged.map((change) => ({ ...config, ...change })),
            ...[null, 3, [], 'x', { ...config, unheardOf: 1 }],
            ...Object.keys(config).map((setting) => without(config, setting)),
          ];
          for (const other of others) {
            await writeArtifact(dir, { kind, version, config: other, tensors, files });
            await refuses(() => load(dir), 'artifact', `with ${JSON.stringify(other)}`);
          }
        }),
    },
    {
      name: 'is refused with a tensor that is missing, of another shape, or of impossible values, and without ids',
      run: () =>
        inFolder(async (dir) => {
          await (await fit()).save(dir);
          const { kind, version } = await readManifest(dir);
          const { manifest, tensors, files } = await readArtifact(dir, kind, version);
          const { config } = manifest;
          for (const [name, { shape, values }] of Object.entries(tensors)) {
            const changed = values.slice() as typeof values;
            changed[0] = values instanceof Float32Array ? Number.NaN : -5;
            const others: Readonly<Record<string, TensorData>>[] = [
              without(tensors, name),
              { ...tensors, [name]: { shape: [...shape, 1], values } },
              ...(unchecked(name) ? [] : [{ ...tensors, [name]: { shape, values: changed } }]),
            ];
            for (const other of others) {
              await writeArtifact(dir, { kind, version, config, tensors: other, files });
              await refuses(() => load(dir), 'artifact', name);
            }
          }
          // A text of as many letters as there are ids has the right length, and different ones.
          const { length } = savedTexts(dir, { files }, 'items.json');
          const letters = String.fromCharCode(...Array.from({ length }, (_, k) => 97 + k));
          const noList = { ...files, 'items.json': JSON.stringify(letters) };
          await writeArtifact(dir, { kind, version, config, tensors, files: noList });
          await refuses(() => load(dir), 'artifact', 'items.json');
        }),
    },
    {
      name: 'keeps its settings when it is saved, loaded and saved again',
      run: () =>
        inFolder(async (dir) => {
          const fitted = await fit();
          await fitted.save(dir);
          const asked = [{ history: [0, 3, 5] }, {}];
          const loaded = await load(dir);
          assert.deepEqual(await loaded.retrieve(asked, 5), await fitted.retrieve(asked, 5));
          const first = await readManifest(dir);
          const again = join(dir, '..', 'again');
          await (loaded as Retriever & Saveable).save(again);
          const second = await readManifest(again);
          assert.deepEqual(second.config, first.config);
          assert.equal(second.kind, first.kind);
          assert.equal(second.dataFingerprint, first.dataFingerprint);
        }),
    },
  ];
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([each]) => each !== name));
}

const inFolder = (use: (dir: string) => Promise<void>): Promise<void> =>
  inTemporaryFolder((root) => use(join(root, 'saved')));
