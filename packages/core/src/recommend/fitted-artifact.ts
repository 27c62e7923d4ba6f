import { type Artifact, type ArtifactContents, readArtifact, writeArtifact } from '../artifact/artifact.js';
import { prefixedTensors, tensorsUnder } from '../artifact/artifact-tensor.js';
import type { TensorData } from '../artifact/safetensors.js';
import { itemFiles, savedItems } from '../artifact/saved-items.js';
import type { IdMap } from '../data/id-map.js';
import { Favourites } from './favourites.js';
import { savedFittedOn } from './provenance-of-models.js';

/** Prefix of the names of weights, beside which an artifact keeps the favourites and other tensors. */
const WEIGHTS = 'model/';

/** Facts that every model keeps that was fitted on the items of a log. */
export interface FittedFacts {
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly dataFingerprint: string;
  /** Fingerprints of all that it was fitted on, stopped or chosen by. */
  readonly fittedOn: readonly string[];
}

/** Parts of the artifact of a fitted model that are its own. */
export interface FittedContents
  extends Pick<ArtifactContents, 'kind' | 'version' | 'config' | 'tensors' | 'files'> {
  /** Weights of a network by the names of its parameters. */
  readonly weights?: Readonly<Record<string, TensorData>> | undefined;
}

/** A fitted model as it was saved: its facts, its weights, and the artifact for what is its own. */
export interface FittedArtifact extends Artifact, FittedFacts {
  readonly weights: Readonly<Record<string, TensorData>>;
}

/**
 * Writes a fitted model as an artifact of its kind; errors as those of `writeArtifact`.
 *
 * @param facts - without `fittedOn` for a model that was fitted on its data alone
 */
export async function writeFitted(
  dir: string,
  { items, favourites, dataFingerprint, fittedOn }: Omit<FittedFacts, 'fittedOn'> & Partial<FittedFacts>,
  { weights = {}, tensors, files, ...own }: FittedContents,
): Promise<void> {
  await writeArtifact(dir, {
    ...own,
    dataFingerprint,
    fittedOn,
    tensors: { ...prefixedTensors(weights, WEIGHTS), ...favourites.tensors(), ...tensors },
    files: { ...itemFiles(items), ...files },
  });
}

/**
 * Reads what {@link writeFitted} wrote.
 *
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export async function readFitted(dir: string, kind: string, version: number): Promise<FittedArtifact> {
  const artifact = await readArtifact(dir, kind, version);
  const items = savedItems(dir, artifact);
  return {
    ...artifact,
    items,
    favourites: Favourites.saved(dir, artifact.tensors, items.size),
    weights: tensorsUnder(artifact.tensors, WEIGHTS),
    dataFingerprint: artifact.manifest.dataFingerprint ?? '',
    fittedOn: savedFittedOn(artifact.manifest),
  };
}
