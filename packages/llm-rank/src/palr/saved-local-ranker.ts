import {
  checkNumber,
  checkSavedNames,
  disposedOnFailure,
  Favourites,
  itemFiles,
  prefixedTensors,
  readArtifact,
  rebuildSaved,
  savedFittedOn,
  savedItems,
  savedProvenance,
  tensorsUnder,
  writeArtifact,
} from '@palate/core';
import { readTextTokens } from '@palate/llm';
import { selectBackend, T5, t5Config } from '@palate/nn';
import { checkSizes } from './check-sizes.js';
import { LOCAL_RANKER, type LocalRankerConfig } from './local-ranker-options.js';
import type { LocalRankerParts } from './local-ranker-parts.js';
import { RankerModel } from './ranker-model.js';
import { savedProfiles } from './saved-profiles.js';
import { freshShape, freshT5 } from './start-fresh.js';
import { TokenizerVocabulary } from './tokenizer-vocabulary.js';
import { WordVocabulary } from './word-vocabulary.js';

const KIND = 'palr-local';
/** 3 says what profiles and vectors know of interactions. */
const VERSION = 3;
/** Prefix of the names of weights, beside which the artifact keeps the favourites. */
const MODEL = 'model/';
/** Files of a tokenizer that is saved with the model. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

/** Writes a local ranker to a folder: weights, vocabulary, profiles and settings. */
export async function saveLocalRanker(parts: LocalRankerParts, dir: string): Promise<void> {
  const { model, vocabulary, config, favourites } = parts;
  await writeArtifact(dir, {
    kind: KIND,
    version: VERSION,
    config: {
      ...LOCAL_RANKER.saved(config),
      orderWeight: parts.orderWeight,
      provenance: parts.provenance ?? null,
      ...(config.t5 ? { t5: config.t5 } : {}),
    },
    dataFingerprint: parts.dataFingerprint,
    fittedOn: parts.fittedOn,
    tensors: {
      ...prefixedTensors(await model.parameters.values(), MODEL),
      ...favourites.tensors(),
    },
    files: {
      ...itemFiles(vocabulary.items),
      'profiles.json': JSON.stringify([...parts.profiles]),
      ...vocabulary.files(),
    },
  });
}

/**
 * Reads what {@link saveLocalRanker} wrote.
 *
 * @throws ArtifactError if the folder is missing, foreign or damaged
 * @throws MissingDependencyError if its tokenizer needs `@huggingface/transformers`, which is not installed
 */
export async function loadLocalRanker(dir: string): Promise<LocalRankerParts> {
  const artifact = await readArtifact(dir, KIND, VERSION);
  const { manifest, tensors, files } = artifact;
  const { orderWeight, t5, provenance: noted, ...own } = Object(manifest.config) as Record<string, unknown>;
  const shape = t5 === undefined ? undefined : t5Config(t5, dir);
  const config: LocalRankerConfig = { ...LOCAL_RANKER.restored(dir, own), t5: shape };
  const provenance = savedProvenance(dir, noted);
  await selectBackend();
  return rebuildSaved(dir, 'a local ranker of the settings in the manifest', async () => {
    const text = (name: string): string => Buffer.from(files[name] ?? []).toString('utf8');
    const items = savedItems(dir, artifact);
    const vocabulary = shape
      ? new TokenizerVocabulary(
          await readTextTokens(Object.fromEntries(TOKENIZER_FILES.map((name) => [name, text(name)])), dir),
          items,
          shape,
        )
      : new WordVocabulary(savedItems(dir, artifact, 'words.json', 'word'), items);
    const weights = tensorsUnder(tensors, MODEL);
    checkSizes(dir, weights, shape ?? freshShape(vocabulary, config), items.size);
    const model = new RankerModel(vocabulary, shape ? new T5(shape) : freshT5(vocabulary, config, 0));
    return disposedOnFailure(model, () => {
      checkSavedNames(dir, weights, model.parameters.names);
      model.parameters.assign(weights, dir);
      model.settle();
      return {
        model,
        vocabulary,
        profiles: savedProfiles(dir, artifact),
        config,
        history: [],
        tuned: new Uint8Array(0),
        orderWeight: checkNumber('orderWeight', orderWeight, { min: 0 }),
        favourites: Favourites.saved(dir, tensors, items.size),
        provenance,
        dataFingerprint: manifest.dataFingerprint ?? '',
        fittedOn: savedFittedOn(manifest),
      };
    });
  });
}
