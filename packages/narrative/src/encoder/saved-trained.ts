import {
  ArtifactError,
  checkSavedNames,
  checkSavedShapes,
  type Disposable,
  disposedOnFailure,
  type Provenance,
  readArtifact,
  rebuildSaved,
  savedProvenance,
  type TensorData,
  UNKNOWN,
  writeArtifact,
} from '@palate/core';
import { type EncoderParts, useLiteParts } from '@palate/llm';
import { type Parameters, selectBackend } from '@palate/nn';

/** Version of these artifacts. */
const VERSION = 1;

/** Parts of an artifact that each model trained from a pretrained encoder has. */
export interface SavedTrained<C> {
  readonly config: C;
  readonly parts: EncoderParts;
  readonly provenance: Provenance;
  readonly tensors: Readonly<Record<string, TensorData>>;
}

/** Writes a model that was trained from a pretrained encoder, as {@link readTrained} reads it; `config` as it is saved. */
export function writeTrained(
  dir: string,
  kind: string,
  { config, parts, provenance, tensors }: SavedTrained<object>,
): Promise<void> {
  return writeArtifact(dir, {
    kind,
    version: VERSION,
    config: { ...config, pretrained: parts.id, provenance },
    tensors,
  });
}

/**
 * Reads a model that was trained from a pretrained encoder.
 *
 * @param declared - declaration of the saved settings
 * @param given - the encoder that it was trained from; use-lite if left out
 * @throws ArtifactError if the folder is missing, foreign or damaged, or was trained from another encoder
 */
export async function readTrained<C>(
  dir: string,
  kind: string,
  declared: { restored(dir: string, config: unknown): C },
  given: EncoderParts | undefined,
): Promise<SavedTrained<C>> {
  const { manifest, tensors } = await readArtifact(dir, kind, VERSION);
  const { provenance, pretrained, ...settings } = Object(manifest.config) as Record<string, unknown>;
  const config = declared.restored(dir, settings);
  await selectBackend();
  const parts = given ?? (await useLiteParts());
  checkPretrained(dir, pretrained, parts);
  return { config, parts, provenance: savedProvenance(dir, provenance) ?? UNKNOWN, tensors };
}

/**
 * Refuses weights other than some of an encoder's and those of what was trained beside it.
 *
 * @param names - of the encoder's weights
 * @param beside - shapes of the others
 * @throws ArtifactError naming the first that is missing, of another shape, or not asked for
 */
export function checkTrainedWeights(
  dir: string,
  { parts, tensors }: Pick<SavedTrained<unknown>, 'parts' | 'tensors'>,
  names: readonly string[],
  beside: Readonly<Record<string, readonly number[]>> = {},
): void {
  const shapes = {
    ...Object.fromEntries(names.map((name) => [name, (parts.weights[name] as TensorData).shape])),
    ...beside,
  };
  checkSavedShapes(dir, tensors, shapes);
  checkSavedNames(dir, tensors, Object.keys(shapes));
}

/**
 * Makes a network again and gives it its saved weights.
 *
 * @throws ArtifactError if it cannot be made, or has other weights; what was made is freed
 */
export function rebuildNetwork<N extends Disposable & { readonly parameters: Parameters }>(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  make: () => N,
): Promise<N> {
  return rebuildSaved(dir, 'a network of the settings in the manifest', () => {
    const made = make();
    return disposedOnFailure(made, () => {
      made.parameters.assign(tensors, dir);
      return made;
    });
  });
}

/** Refuses an encoder other than the one whose weights were trained further. */
function checkPretrained(dir: string, saved: unknown, parts: EncoderParts): void {
  if (typeof saved !== 'string')
    throw new ArtifactError(dir, {
      expected: 'the id of the encoder that it was trained from in the manifest',
      received: 'none',
      hint: 'It was changed, or written by another version: fit and save again.',
    });
  if (saved !== parts.id)
    throw new ArtifactError(dir, {
      expected: `the encoder ${saved}, which it was trained from`,
      received: parts.id,
      hint: 'Pass it as pretrained.',
    });
}
