import {
  checkSavedNames,
  checkSavedShapes,
  disposedOnFailure,
  type FittedFacts,
  type IdMap,
  prefixedTensors,
  RandomStream,
  readFitted,
  rebuildSaved,
  type TensorData,
  tensorsUnder,
  writeFitted,
} from '@palate/core';
import { type EpochReport, selectBackend } from '@palate/nn';
import type { SequenceKind } from './encode-histories.js';
import { type MakeItemVectors, SequenceEncoder, type SequenceEncoderConfig } from './sequence-encoder.js';
import { GAP_BUCKETS } from './time-gaps.js';

/** Prefix of the names of what item vectors are made from. */
const GIVEN = 'given/';

/** Parts of a trained sequential retriever. */
export interface StoredEncoder<C> extends FittedFacts {
  readonly encoder: SequenceEncoder;
  readonly config: C;
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
  const { encoder, config } = stored;
  await writeFitted(dir, stored, {
    kind,
    version: 2,
    config,
    weights: await encoder.parameters.values(),
    tensors: prefixedTensors(encoder.items.given ?? {}, GIVEN),
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
  const artifact = await readFitted(dir, kind, 2);
  const { items, favourites, weights, dataFingerprint, fittedOn } = artifact;
  const config = options.restored(dir, artifact.manifest.config);
  const rows = items.size + (hasEndToken ? 1 : 0);
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
  return { items, encoder, config, favourites, dataFingerprint, fittedOn, history: [] };
}
