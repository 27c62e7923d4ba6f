import { rename } from 'node:fs/promises';
import { checkReplaceable, exists } from '../artifact/artifact-folder.js';
import { type ArtifactManifest, readForeignManifest, readManifest } from '../artifact/artifact-manifest.js';
import { ArtifactError } from '../basics/errors.js';
import type { Saveable } from './retriever.js';

/** Arguments of {@link loadOrFit}. */
export interface LoadOrFitOptions<M extends Saveable> {
  readonly load: (dir: string) => Promise<M>;
  readonly fit: () => Promise<M>;
  /** Whether what is there may be used: fitted on this data, say. Default: always. */
  readonly isCurrent?: ((manifest: ArtifactManifest) => boolean) | undefined;
  /** Fit even where a current artifact is there. Default false. */
  readonly force?: boolean | undefined;
  /** Told in a sentence why an artifact that was there is not used. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Reads a model from its folder in a cache, or fits it and keeps it there. What is damaged or of an older version is
 * fitted again; a folder that cannot be replaced is renamed and reported, never deleted.
 */
export async function loadOrFit<M extends Saveable>(
  dir: string,
  options: LoadOrFitOptions<M>,
): Promise<{ readonly model: M; readonly reused: boolean }> {
  const { load, fit, isCurrent = () => true, force = false, onNotice = () => undefined } = options;
  if (!force && (await exists(dir))) {
    try {
      const manifest = await readManifest(dir);
      if (isCurrent(manifest)) return { model: await load(dir), reused: true };
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error;
      onNotice(error.message);
    }
  }
  const model = await fit();
  try {
    if (await exists(dir)) await checkReplaceable(dir, (await readForeignManifest(dir)).kind);
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error;
    const aside = await freeName(`${dir}.set-aside`);
    await rename(dir, aside);
    onNotice(`${dir} is not replaced, but kept as ${aside}: ${error.received}.`);
  }
  await model.save(dir);
  return { model, reused: false };
}

async function freeName(path: string): Promise<string> {
  for (let k = 1; ; k++) {
    const name = k === 1 ? path : `${path}-${k}`;
    if (!(await exists(name))) return name;
  }
}
