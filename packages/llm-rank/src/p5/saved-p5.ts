import { isObject, readFitted, rebuildSaved, savedProvenance, writeFitted } from '@palate/core';
import { readTextTokens } from '@palate/llm';
import { IdTokens } from './ids/id-tokens.js';
import { P5_OPTIONS } from './p5-options.js';
import type { P5Parts } from './p5-parts.js';
import { refused, savedP5Texts, savedRatings, savedTasks, textFiles } from './saved-p5-parts.js';
import { TextModel } from './text-model.js';

const KIND = 'p5';
const VERSION = 1;

/** Writes a P5 to a folder: weights, vocabulary, names of users and items, titles and templates. */
export async function saveP5(parts: P5Parts, dir: string): Promise<void> {
  const { config, tensors: weights, files } = await parts.model.saved();
  await writeFitted(dir, parts, {
    kind: KIND,
    version: VERSION,
    config: {
      ...P5_OPTIONS.saved(parts.settings),
      model: config,
      tasks: parts.tasks,
      ratings: parts.ratings ?? null,
      provenance: parts.provenance ?? null,
    },
    weights,
    files: { ...files, ...textFiles(parts) },
  });
}

/**
 * Reads what {@link saveP5} wrote.
 *
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export async function loadP5(dir: string): Promise<P5Parts> {
  const artifact = await readFitted(dir, KIND, VERSION);
  const { manifest, items, favourites, dataFingerprint, fittedOn, weights, files } = artifact;
  const {
    model: modelConfig,
    tasks,
    ratings,
    provenance,
    ...own
  } = Object(manifest.config) as Record<string, unknown>;
  const settings = P5_OPTIONS.restored(dir, own);
  const texts = savedP5Texts(dir, artifact);
  const { templates, userNames, itemNames } = texts;
  const known = savedProvenance(dir, provenance);
  if (!isObject(modelConfig)) throw refused(dir, 'settings of the model', modelConfig);
  return rebuildSaved(dir, 'a P5 of the settings in the manifest', async () => {
    const tokens = new IdTokens(await readTextTokens(dir, artifact), [userNames, itemNames]);
    const saved = { config: modelConfig, tensors: weights, files };
    return {
      ...texts,
      model: await TextModel.restore(dir, saved, tokens),
      tokens,
      items,
      tasks: savedTasks(dir, tasks),
      ratings: savedRatings(dir, ratings),
      settings: { ...settings, templates },
      favourites,
      provenance: known,
      dataFingerprint,
      fittedOn,
    };
  });
}
