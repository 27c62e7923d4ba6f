import {
  ArtifactError,
  checkValidationUnseen,
  type Dataset,
  disposedOnFailure,
  EmbeddingTable,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  InvalidInputError,
  isObject,
  type LongCallOptions,
  type Provenance,
  partsOf,
  RandomStream,
  savedProvenance,
  type TensorData,
} from '@palate/core';
import { selectBackend } from '@palate/nn';
import { fitEncoder } from '../fit-encoder.js';
import { OFFSETS, PERMUTATION, TEXTS } from '../items/text-vectors.js';
import { SequenceEncoder, type SequenceEncoderConfig } from '../sequence-encoder.js';
import { loadEncoder } from '../stored-encoder.js';
import type { TransferConfig, TransferKind, TransferParts, TransferSource } from './transfer-kind.js';

/** Parameters that belong to one catalogue: they are not carried to another. */
const OWN = [OFFSETS, PERMUTATION];

/** Fits a model of texts, from nothing or from another model. */
export async function fitTransferable<C extends TransferConfig>(
  kind: TransferKind<C>,
  dataset: Dataset,
  config: C & { readonly vectors: EmbeddingTable },
  options: LongCallOptions,
): Promise<TransferParts<C>> {
  const { from, tune } = config;
  if (from && from.name !== kind.name)
    throw new InvalidInputError({
      expected: `a ${kind.name} to continue from`,
      received: from.name,
      hint: `Pass what ${kind.declared.where} or load gave.`,
    });
  const texts = config.vectors.align(dataset.log.items);
  checkValidationUnseen('the vectors of the texts', texts.provenance, dataset.log, config.validation);
  if (from) checkFitting(from, config, texts);
  await selectBackend();
  const makeTask = (encoder: SequenceEncoder) => kind.task(dataset, encoder, config);
  const trained = await fitEncoder(kind, dataset, kind.declared, config, options, makeTask, {
    items: kind.items(texts, config, from),
    begin: from && (async (encoder) => begin(kind, encoder, from, tune)),
    fittedBefore: [...(from?.fittedOn ?? []), ...fittedOnLogs(...partsOf(dataset.log))],
  });
  return { trained, provenance: texts.provenance };
}

/** Carries the weights of a model to a new encoder. */
async function begin<C extends TransferConfig>(
  kind: TransferKind<C>,
  encoder: SequenceEncoder,
  from: TransferSource,
  tune: 'all' | 'items',
): Promise<void> {
  const fresh = await encoder.parameters.values();
  const known = await from.encoder.parameters.values();
  const carried = Object.fromEntries(
    Object.entries(fresh).map(([name, value]) => [name, OWN.includes(name) ? value : (known[name] ?? value)]),
  );
  encoder.parameters.assign(carried, from.name);
  if (tune === 'items') encoder.parameters.freeze((name) => !kind.ofItems(name));
}

/** Refuses texts and settings that a model cannot go on with. */
function checkFitting(from: TransferSource, config: SequenceEncoderConfig, texts: EmbeddingTable): void {
  for (const name of ['dimension', 'inner', 'layers', 'blocks', 'heads', 'maxLength'] as const)
    if (config[name] !== from.config[name])
      throw new InvalidInputError({
        expected: `${name} as in the model to continue from, ${from.config[name]}`,
        received: String(config[name]),
        hint: 'Give the same settings, or leave from out.',
      });
  const saved = from.encoder.items.given?.[TEXTS]?.shape[1];
  if (saved !== undefined && saved !== texts.width)
    throw new InvalidInputError({
      expected: `vectors of width ${saved}, as the model was trained with`,
      received: `width ${texts.width}`,
      hint: 'Encode the texts with the same encoder.',
    });
}

/** A model over another catalogue with the weights of this one. */
export async function carried<C extends TransferConfig>(
  kind: TransferKind<C>,
  model: TransferSource & { readonly config: C },
  dataset: Dataset,
  vectors: EmbeddingTable,
): Promise<TransferParts<C>> {
  const config = kind.carriedConfig?.(model.config) ?? model.config;
  const { items } = dataset.log;
  const texts = vectors.align(items);
  checkFitting(model, config, texts);
  await selectBackend();
  const encoder = new SequenceEncoder(config, kind.items(texts, config, model), new RandomStream(0));
  await disposedOnFailure(encoder.parameters, () => begin(kind, encoder, model, 'all'));
  return {
    trained: {
      items,
      encoder,
      config,
      favourites: Favourites.of(dataset.log),
      history: [],
      dataFingerprint: fingerprint(dataset.log),
      fittedOn: [...new Set([...fittedOnLogs(dataset.log), ...model.fittedOn])],
    },
    provenance: texts.provenance,
  };
}

/** Reads what `save` wrote. */
export async function loadTransferable<C extends TransferConfig>(
  kind: TransferKind<C>,
  dir: string,
): Promise<TransferParts<C>> {
  const trained = await loadEncoder<C & { readonly provenance: Provenance }>(
    dir,
    kind,
    {
      restored: (from, saved) => {
        const { provenance: told, ...settings } = isObject(saved) ? saved : {};
        const provenance = savedProvenance(from, told);
        const config = kind.declared.restored(from, settings);
        if (provenance) return { ...config, provenance };
        throw new ArtifactError(from, {
          expected: 'the provenance of its texts in the manifest',
          received: 'null',
          hint: 'Fit and save again.',
        });
      },
    },
    (given, items, config) =>
      kind.savedItems?.(given, items, config) ?? kind.items(savedTexts(given, items), config),
  );
  return { trained, provenance: trained.config.provenance };
}

/** Text vectors that were saved, as a table of the items. */
function savedTexts(given: Readonly<Record<string, TensorData>>, items: IdMap): EmbeddingTable {
  const saved = given[TEXTS];
  const [rows, width = 0] = saved?.shape ?? [];
  if (saved?.values instanceof Float32Array && rows === items.size && saved.shape.length === 2)
    return new EmbeddingTable(items, width, saved.values);
  throw new InvalidInputError({
    expected: `a vector of the text of each of ${items.size} items`,
    received: saved ? `numbers of shape [${saved.shape.join(', ')}]` : 'none',
    hint: 'Fit and save again.',
  });
}
