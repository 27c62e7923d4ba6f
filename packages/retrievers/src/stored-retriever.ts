import {
  type Artifact,
  type FittedFacts,
  type Provenance,
  readFitted,
  restoredWithEdges,
  type TensorData,
  writeFitted,
} from '@palate/core';

const VERSION = 2;

/** Parts of an artifact that every fitted retriever has. */
export interface StoredRetriever<C> extends Omit<FittedFacts, 'fittedOn'> {
  readonly config: C;
}

/** Parts of an artifact that one kind of retriever has. */
export interface RetrieverContents {
  /** Kind of the artifact, such as `"ease"`. */
  readonly kind: string;
  /** Settings as they are saved. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Numbers that were learned. */
  readonly tensors: Readonly<Record<string, TensorData>>;
  /** Files of its own, by name. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** Writes a fitted retriever as an artifact of its kind. */
export async function saveRetriever(
  dir: string,
  { items, favourites, dataFingerprint }: Omit<StoredRetriever<unknown>, 'config'>,
  { kind, config, tensors, files }: RetrieverContents,
): Promise<void> {
  const facts = { items, favourites, dataFingerprint };
  await writeFitted(dir, facts, { kind, version: VERSION, config, tensors, files });
}

/** A retriever as it was stored, with the artifact for what is the kind's own. */
export interface LoadedRetriever<C> {
  readonly fitted: StoredRetriever<C>;
  readonly artifact: Artifact;
}

/**
 * Reads what {@link saveRetriever} wrote.
 *
 * @param options - declaration of the saved settings
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export async function loadRetriever<C>(
  dir: string,
  kind: string,
  options: { restored(dir: string, config: unknown): C },
): Promise<LoadedRetriever<C>> {
  const artifact = await readFitted(dir, kind, VERSION);
  const { items, favourites, dataFingerprint } = artifact;
  const config = options.restored(dir, artifact.manifest.config);
  return { fitted: { items, favourites, config, dataFingerprint }, artifact };
}

/**
 * Reads a retriever that was fitted with or without edges between items as a prior.
 *
 * @throws ArtifactError as {@link loadRetriever} does, or where it does not say what its edges know
 */
export async function loadWithEdges<C>(
  dir: string,
  kind: string,
  options: { restored(dir: string, config: unknown): C },
): Promise<LoadedRetriever<C> & { readonly provenance: Provenance | undefined }> {
  const { fitted, artifact } = await loadRetriever(dir, kind, {
    restored: (from, saved) => restoredWithEdges(from, saved, options),
  });
  const { settings, provenance } = fitted.config;
  return { fitted: { ...fitted, config: settings }, artifact, provenance };
}
