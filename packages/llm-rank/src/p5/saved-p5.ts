import {
  ArtifactError,
  isObject,
  itemFiles,
  readFitted,
  rebuildSaved,
  savedItems,
  savedJson,
  savedProvenance,
  savedTexts,
  writeFitted,
} from '@palate/core';
import { readTextTokens } from '@palate/llm';
import { checkTemplates } from './data/epoch-rows.js';
import type { IdNames } from './ids/id-names.js';
import { IdTokens } from './ids/id-tokens.js';
import { P5_OPTIONS } from './p5-options.js';
import type { P5Parts, RatingFacts } from './p5-parts.js';
import { P5_TASKS } from './tasks/tasks.js';
import type { P5Template } from './templates/template.js';
import { TextModel } from './text-model.js';

const KIND = 'p5';
const VERSION = 1;

/** Writes a P5 to a folder: weights, vocabulary, names of users and items, titles and templates. */
export async function saveP5(parts: P5Parts, dir: string): Promise<void> {
  const { model, users, titles, templates, userNames, itemNames } = parts;
  const { config, tensors: weights, files } = await model.saved();
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
    files: {
      ...files,
      ...itemFiles(users, 'users.json'),
      'titles.json': JSON.stringify(titles),
      'templates.json': JSON.stringify(templates),
      'names.json': JSON.stringify({ users: userNames, items: itemNames }),
    },
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
  const users = savedItems(dir, artifact, 'users.json', 'user');
  const titles = savedTexts(dir, artifact, 'titles.json', 'titles', items.size);
  const templates = savedTemplates(dir, savedJson(dir, artifact, 'templates.json', 'templates'));
  const names = Object(savedJson(dir, artifact, 'names.json', 'names'));
  const known = savedProvenance(dir, provenance);
  if (!isObject(modelConfig)) throw refused(dir, 'settings of the model', modelConfig);
  return rebuildSaved(dir, 'a P5 of the settings in the manifest', async () => {
    const userNames = savedNames(dir, 'users', names.users, users.size);
    const itemNames = savedNames(dir, 'items', names.items, items.size);
    const tokens = new IdTokens(await readTextTokens(dir, artifact), [userNames, itemNames]);
    const saved = { config: modelConfig, tensors: weights, files };
    return {
      model: await TextModel.restore(dir, saved, tokens),
      tokens,
      users,
      items,
      userNames,
      itemNames,
      titles,
      templates,
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

const refused = (dir: string, expected: string, received: unknown): ArtifactError =>
  new ArtifactError(dir, {
    expected,
    received: (JSON.stringify(received) ?? 'none').slice(0, 120),
    hint: 'The artifact was changed or not written by this class: restore it, or fit again.',
  });

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

function savedNames(dir: string, what: string, value: unknown, count: number): IdNames {
  const { names, pieces } = Object(value);
  if (
    isTexts(names) &&
    Array.isArray(pieces) &&
    pieces.every(isTexts) &&
    names.length === count &&
    pieces.length === count
  )
    return { names, pieces };
  throw refused(dir, `${count} names of ${what} with their pieces`, value);
}

function savedTasks(dir: string, value: unknown): readonly string[] {
  if (isTexts(value) && value.every((name) => Object.hasOwn(P5_TASKS, name))) return value;
  throw refused(dir, 'names of tasks', value);
}

function savedRatings(dir: string, value: unknown): RatingFacts | undefined {
  if (value === null) return undefined;
  const { scale, step, mean } = Object(value);
  const { min, max } = Object(scale);
  if ([min, max, step, mean].every(Number.isFinite) && max > min && step > 0 && mean >= min && mean <= max)
    return { scale: { min, max }, step, mean };
  throw refused(dir, 'a scale of ratings with their step and mean', value);
}

function savedTemplates(dir: string, value: unknown): readonly P5Template[] {
  const isTemplate = (each: unknown): each is P5Template => {
    const { id, task, source, target } = Object(each);
    return isTexts([id, task, source, target]);
  };
  if (!Array.isArray(value) || !value.every(isTemplate)) throw refused(dir, 'a list of templates', value);
  try {
    checkTemplates(value, P5_TASKS);
  } catch (cause) {
    throw refused(dir, 'templates that the tasks can fill', (cause as Error).message);
  }
  return value;
}
