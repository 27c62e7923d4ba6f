import {
  type Artifact,
  checkSharedIds,
  type Dataset,
  type FittedFacts,
  type IdMap,
  type InteractionLog,
  InvalidInputError,
  itemFiles,
  type Provenance,
  readFitted,
  savedItems,
  savedProvenance,
  type TensorData,
  writeFitted,
} from '@palate/core';

const VERSION = 1;
const USERS = 'users.json';

/** Parts that every fitted graph recommender has. */
export interface GraphModel<S> extends FittedFacts {
  readonly settings: S;
  /** Knowledge of interactions in the edges; `undefined` where there were none. */
  readonly provenance: Provenance | undefined;
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
      hint: 'Fit on a log that has interactions: a filter or a split may have removed them all.',
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
  model: GraphModel<S>,
  tensors: Readonly<Record<string, TensorData>>,
  users?: IdMap,
): Promise<void> {
  await writeFitted(dir, model, {
    kind,
    version: VERSION,
    config: { ...declared.saved(model.settings), provenance: model.provenance ?? null },
    tensors,
    files: users && itemFiles(users, USERS),
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
  const artifact = await readFitted(dir, kind, VERSION);
  const { provenance, ...saved } = (artifact.manifest.config ?? {}) as Readonly<Record<string, unknown>>;
  const { items, favourites, dataFingerprint, fittedOn } = artifact;
  const settings = declared.restored(dir, saved);
  const known = savedProvenance(dir, provenance);
  return { artifact, model: { items, favourites, dataFingerprint, fittedOn, settings, provenance: known } };
}

/** The users that {@link saveGraphModel} was given. */
export function savedUsers(dir: string, artifact: Artifact): IdMap {
  return savedItems(dir, artifact, USERS, 'user');
}
