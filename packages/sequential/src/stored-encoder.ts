import {
  checkSavedNames,
  checkSavedShapes,
  disposedOnFailure,
  Favourites,
  type IdMap,
  itemFiles,
  prefixedTensors,
  RandomStream,
  readArtifact,
  rebuildSaved,
  savedFittedOn,
  savedItems,
  type TensorData,
  tensorsUnder,
  writeArtifact,
} from '@palate/core';
import { type EpochReport, selectBackend } from '@palate/nn';
import type { SequenceKind } from './encode-histories.js';
import { type MakeItemVectors, SequenceEncoder, type SequenceEncoderConfig } from './sequence-encoder.js';
import { GAP_BUCKETS } from './time-gaps.js';

/** Prefix of the names of weights, beside which the artifact keeps the favourites. */
const MODEL = 'model/';

/** Prefix of the names of what item vectors are made from. */
const GIVEN = 'given/';

/** Parts of a trained sequential retriever. */
export interface StoredEncoder<C> {
  readonly items: IdMap;
  readonly encoder: SequenceEncoder;
  readonly config: C;
  readonly favourites: Favourites;
  readonly dataFingerprint: string;
  /** Fingerprints of its training, and of what it was stopped by. */
  readonly fittedOn: readonly string[];
}

/** Makes item vectors from what an artifact holds of them; whatever fails there is a fault of the artifact. */
export type MakeSavedItems<C> = (
  given: Readonly<Record<string, TensorData>>,
  items: IdMap,
  config: C,
) => MakeItemVectors;

/** A trained encoder with all that is kept of its training. */
export interface TrainedEncoder<C> extends StoredEncoder<C> {
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
}

/**
 * Writes a trained sequence encoder as an artifact of the kind given, with its settings as they are saved.
 */
export async function saveEncoder(dir: string, kind: string, stored: StoredEncoder<unknown>): Promise<void> {
  const { items, encoder, config, favourites, dataFingerprint, fittedOn } = stored;
  await writeArtifact(dir, {
    kind,
    version: 2,
    config,
    dataFingerprint,
    fittedOn,
    tensors: {
      ...prefixedTensors(await encoder.parameters.values(), MODEL),
      ...favourites.tensors(),
      ...prefixedTensors(encoder.items.given ?? {}, GIVEN),
    },
    files: itemFiles(items),
  });
}

/**
 * Reads what {@link saveEncoder} wrote.
 *
 * @param options - declaration of the saved settings
 * @throws ArtifactError if the folder is missing, foreign or damaged, or its settings do not fit its weights
 */
export async function loadEncoder<C extends SequenceEncoderConfig>(
  dir: string,
  { artifact: kind, hasEndToken }: SequenceKind,
  options: { restored(dir: string, config: unknown): C },
  makeItems?: MakeSavedItems<C>,
): Promise<TrainedEncoder<C>> {
  const artifact = await readArtifact(dir, kind, 2);
  const config = options.restored(dir, artifact.manifest.config);
  const items = savedItems(dir, artifact);
  const rows = items.size + (hasEndToken ? 1 : 0);
  const favourites = Favourites.saved(dir, artifact.tensors, items.size);
  const weights = tensorsUnder(artifact.tensors, MODEL);
  const { dimension, maxLength, blocks, inner } = config;
  const given = tensorsUnder(artifact.tensors, GIVEN);
  checkSavedShapes(dir, weights, {
    ...(makeItems ? {} : { 'items.table': [rows, dimension] }),
    'positions.table': [maxLength, dimension],
    ...(config.timeGaps ? { 'gaps.table': [GAP_BUCKETS, dimension] } : {}),
    ...(blocks > 0 ? { [`block-${blocks}.feed-forward.inner.kernel`]: [dimension, inner] } : {}),
  });
  await selectBackend();
  const encoder = await rebuildSaved(
    dir,
    'an encoder of the settings in the manifest',
    () => new SequenceEncoder(config, makeItems?.(given, items, config) ?? rows, new RandomStream(0)),
  );
  await disposedOnFailure(encoder.parameters, () => {
    checkSavedNames(dir, weights, encoder.parameters.names);
    encoder.parameters.assign(weights, dir);
  });
  const dataFingerprint = artifact.manifest.dataFingerprint ?? '';
  const fittedOn = savedFittedOn(artifact.manifest);
  return { items, encoder, config, favourites, dataFingerprint, fittedOn, history: [] };
}
