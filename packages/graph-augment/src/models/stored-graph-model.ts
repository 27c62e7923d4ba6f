import {
  type Artifact,
  checkSharedIds,
  type Dataset,
  Favourites,
  type IdMap,
  type InteractionLog,
  InvalidInputError,
  itemFiles,
  type Provenance,
  readArtifact,
  savedFittedOn,
  savedItems,
  savedProvenance,
  type TensorData,
  writeArtifact,
} from '@palate/core';

const VERSION = 1;
const USERS = 'users.json';

/** Parts that every fitted graph recommender has. */
export interface GraphModel<S> {
  readonly items: IdMap;
  readonly settings: S;
  readonly favourites: Favourites;
  /** Knowledge of interactions in the edges; `undefined` where there were none. */
  readonly provenance: Provenance | undefined;
  readonly dataFingerprint: string;
  /** Fingerprints of its training, and of what it was stopped by. */
  readonly fittedOn: readonly string[];
}

/** The declaration of the settings that an artifact keeps. */
interface SavedSettings<S> {
  saved(settings: S): Readonly<Record<string, unknown>>;
  restored(dir: string, config: unknown): S;
}

/** Refuses a log that nothing can be learned from, and a validation with id maps of its own. */
export function checkTraining({ log }: Dataset, validation: InteractionLog | undefined): void {
  if (validation) checkSharedIds('the validation log', validation, log);
  if (log.length === 0)
    throw new InvalidInputError({
      expected: 'interactions to learn from',
      received: 'none',
      hint: 'Fit on a log that has interactions: a filter or a split may have left none.',
    });
}

/**
 * Writes a fitted graph recommender as an artifact of its kind.
 *
 * @param tensors - numbers that were learned
 * @param users - of the training, where the model knows them
 */
export async function saveGraphModel<S>(
  dir: string,
  kind: string,
  declared: SavedSettings<S>,
  { items, settings, favourites, provenance, dataFingerprint, fittedOn }: GraphModel<S>,
  tensors: Readonly<Record<string, TensorData>>,
  users?: IdMap,
): Promise<void> {
  await writeArtifact(dir, {
    kind,
    version: VERSION,
    config: { ...declared.saved(settings), provenance: provenance ?? null },
    dataFingerprint,
    fittedOn,
    tensors: { ...tensors, ...favourites.tensors() },
    files: { ...itemFiles(items), ...(users && itemFiles(users, USERS)) },
  });
}

/**
 * Reads what {@link saveGraphModel} wrote.
 *
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export async function readGraphModel<S>(
  dir: string,
  kind: string,
  declared: SavedSettings<S>,
): Promise<{ readonly model: GraphModel<S>; readonly artifact: Artifact }> {
  const artifact = await readArtifact(dir, kind, VERSION);
  const { provenance, ...saved } = (artifact.manifest.config ?? {}) as Readonly<Record<string, unknown>>;
  const settings = declared.restored(dir, saved);
  const items = savedItems(dir, artifact);
  return {
    artifact,
    model: {
      items,
      settings,
      favourites: Favourites.saved(dir, artifact.tensors, items.size),
      provenance: savedProvenance(dir, provenance),
      dataFingerprint: artifact.manifest.dataFingerprint ?? '',
      fittedOn: savedFittedOn(artifact.manifest),
    },
  };
}

/** The users that {@link saveGraphModel} was given. */
export function savedUsers(dir: string, artifact: Artifact): IdMap {
  return savedItems(dir, artifact, USERS, 'user');
}
