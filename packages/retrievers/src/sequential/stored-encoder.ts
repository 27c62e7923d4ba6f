import { type IdMap, RandomStream, readArtifact, writeArtifact } from '@palate/core';
import { selectBackend } from '@palate/nn';
import { itemFiles, savedItems } from '../saved-items.js';
import { SequenceEncoder, type SequenceEncoderConfig } from './sequence-encoder.js';

/** What a sequential retriever is made of once it is trained. */
export interface StoredEncoder<C> {
  readonly items: IdMap;
  readonly encoder: SequenceEncoder;
  readonly config: C;
  readonly dataFingerprint: string;
}

/** Writes a trained sequence encoder as an artifact of the kind given. */
export async function saveEncoder(dir: string, kind: string, stored: StoredEncoder<unknown>): Promise<void> {
  const { items, encoder, config, dataFingerprint } = stored;
  await writeArtifact(dir, {
    kind,
    version: 1,
    config,
    dataFingerprint,
    tensors: await encoder.parameters.values(),
    files: itemFiles(items),
  });
}

/**
 * Reads what {@link saveEncoder} wrote.
 *
 * @param specialTokens - rows of the item table behind the items
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export async function loadEncoder<C extends Omit<SequenceEncoderConfig, 'activation'>>(
  dir: string,
  kind: string,
  specialTokens: number,
): Promise<StoredEncoder<C>> {
  const artifact = await readArtifact(dir, kind, 1);
  const items = savedItems(dir, artifact);
  const config = artifact.manifest.config as C;
  await selectBackend();
  const encoder = new SequenceEncoder(
    { ...config, activation: 'gelu' },
    items.size + specialTokens,
    new RandomStream(0),
  );
  encoder.parameters.assign(artifact.tensors, dir);
  return { items, encoder, config, dataFingerprint: artifact.manifest.dataFingerprint ?? '' };
}
