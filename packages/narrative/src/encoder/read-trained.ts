import {
  ArtifactError,
  type Provenance,
  readArtifact,
  savedProvenance,
  type TensorData,
  UNKNOWN,
} from '@palate/core';
import { type EncoderParts, useLiteParts } from '@palate/llm';
import { selectBackend } from '@palate/nn';

/** Parts of an artifact that each model trained from a pretrained encoder has. */
export interface SavedTrained<C> {
  readonly config: C;
  readonly parts: EncoderParts;
  readonly provenance: Provenance;
  readonly tensors: Readonly<Record<string, TensorData>>;
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
  const { manifest, tensors } = await readArtifact(dir, kind, 1);
  const { provenance, pretrained, ...settings } = Object(manifest.config) as Record<string, unknown>;
  const config = declared.restored(dir, settings);
  await selectBackend();
  const parts = given ?? (await useLiteParts());
  checkPretrained(dir, pretrained, parts);
  return { config, parts, provenance: savedProvenance(dir, provenance) ?? UNKNOWN, tensors };
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
