import {
  type Artifact,
  Favourites,
  type IdMap,
  itemFiles,
  readArtifact,
  savedItems,
  type TensorData,
  writeArtifact,
} from '@palate/core';

const VERSION = 2;

/** Parts of an artifact that every fitted retriever has. */
export interface StoredRetriever<C> {
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly config: C;
  readonly dataFingerprint: string;
}

/**
 * Writes a fitted retriever as an artifact of the kind given.
 *
 * @param stored - what all have; the settings as they are saved
 * @param tensors - what the kind learned
 * @param files - files of its own, by name
 */
export async function saveRetriever(
  dir: string,
  kind: string,
  { items, favourites, config, dataFingerprint }: StoredRetriever<unknown>,
  tensors: Readonly<Record<string, TensorData>>,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeArtifact(dir, {
    kind,
    version: VERSION,
    config,
    dataFingerprint,
    tensors: { ...tensors, ...favourites.tensors() },
    files: { ...itemFiles(items), ...files },
  });
}

/**
 * Reads what {@link saveRetriever} wrote, with the artifact for what is the kind's own.
 *
 * @param restored - checks the saved settings
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export async function loadRetriever<C>(
  dir: string,
  kind: string,
  restored: (dir: string, config: unknown) => C,
): Promise<StoredRetriever<C> & { readonly artifact: Artifact }> {
  const artifact = await readArtifact(dir, kind, VERSION);
  const config = restored(dir, artifact.manifest.config);
  const items = savedItems(dir, artifact);
  return {
    items,
    favourites: Favourites.saved(dir, artifact.tensors, items.size),
    config,
    dataFingerprint: artifact.manifest.dataFingerprint ?? '',
    artifact,
  };
}
