import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  artifactTensor,
  readArtifact,
  readManifest,
  removeArtifact,
  type Saveable,
  writeArtifact,
} from '@palate/core';
import { SemanticIds } from '@palate/semantic-id';
import type { LaidOut } from './lay-out.js';

const KIND = 'item-layout';
const VERSION = 1;
const PLANE = 'plane';
/** Beginning of the names of layouts in the folder of the models. */
const PREFIX = 'layout-';

/** Folder in which a layout of an identity is kept. */
export function layoutFolder(folder: string, identity: string): string {
  return join(folder, `${PREFIX}${identity.slice(0, 16)}`);
}

/** Takes layouts of other items away: every addition brings a new one. */
export async function removeOtherLayouts(folder: string, kept: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const dir = join(folder, name);
    if (!name.startsWith(PREFIX) || dir === kept) continue;
    const manifest = await readManifest(dir).catch(() => undefined);
    if (manifest?.kind === KIND) await removeArtifact(dir, KIND).catch(() => undefined);
  }
}

/** A layout that can be kept beside the models. */
export class SavedLayout implements LaidOut, Saveable {
  readonly plane: Float32Array;
  readonly ids: SemanticIds;

  constructor({ plane, ids }: LaidOut) {
    this.plane = plane;
    this.ids = ids;
  }

  async save(dir: string): Promise<void> {
    const { config, tensors, files } = await this.ids.contents();
    await writeArtifact(dir, {
      kind: KIND,
      version: VERSION,
      config,
      files,
      tensors: { ...tensors, [PLANE]: { shape: [this.ids.items.size, 2], values: this.plane } },
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<SavedLayout> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, VERSION);
    const ids = await SemanticIds.restore({ config: manifest.config, tensors, files }, dir);
    const { values } = artifactTensor(dir, tensors, PLANE, { type: 'float32', shape: [ids.items.size, 2] });
    return new SavedLayout({ plane: values as Float32Array, ids });
  }
}
