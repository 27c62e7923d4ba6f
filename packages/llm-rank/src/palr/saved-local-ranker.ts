import {
  checkNumber,
  checkSavedNames,
  disposedOnFailure,
  readFitted,
  rebuildSaved,
  savedItems,
  savedProvenance,
  writeFitted,
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

/** Writes a local ranker to a folder: weights, vocabulary, profiles and settings. */
export async function saveLocalRanker(parts: LocalRankerParts, dir: string): Promise<void> {
  const { model, vocabulary, config, favourites, dataFingerprint, fittedOn } = parts;
  const facts = { items: vocabulary.items, favourites, dataFingerprint, fittedOn };
  await writeFitted(dir, facts, {
    kind: KIND,
    version: VERSION,
    config: {
      ...LOCAL_RANKER.saved(config),
      orderWeight: parts.orderWeight,
      provenance: parts.provenance ?? null,
      ...(config.t5 ? { t5: config.t5 } : {}),
    },
    weights: await model.parameters.values(),
    files: {
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
  const artifact = await readFitted(dir, KIND, VERSION);
  const { manifest, items, favourites, dataFingerprint, fittedOn, weights } = artifact;
  const { orderWeight, t5, provenance: noted, ...own } = Object(manifest.config) as Record<string, unknown>;
  const shape = t5 === undefined ? undefined : t5Config(t5, dir);
  const config: LocalRankerConfig = { ...LOCAL_RANKER.restored(dir, own), t5: shape };
  const provenance = savedProvenance(dir, noted);
  await selectBackend();
  return rebuildSaved(dir, 'a local ranker of the settings in the manifest', async () => {
    const vocabulary = shape
      ? new TokenizerVocabulary(await readTextTokens(dir, artifact), items, shape)
      : new WordVocabulary(savedItems(dir, artifact, 'words.json', 'word'), items);
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
        favourites,
        provenance,
        dataFingerprint,
        fittedOn,
      };
    });
  });
}
