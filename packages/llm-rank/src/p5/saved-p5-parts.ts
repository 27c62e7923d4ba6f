import {
  ArtifactError,
  type FittedArtifact,
  type IdMap,
  itemFiles,
  savedItems,
  savedJson,
  savedTexts,
} from '@palate/core';
import { checkTemplates } from './data/epoch-rows.js';
import type { IdNames } from './ids/id-names.js';
import type { P5Parts, RatingFacts } from './p5-parts.js';
import { P5_TASKS } from './tasks/tasks.js';
import type { P5Template } from './templates/template.js';

const USERS = 'users.json';
const TITLES = 'titles.json';
const TEMPLATES = 'templates.json';
const NAMES = 'names.json';

/** Names of users and items in texts, and the questions. */
type P5Texts = Pick<P5Parts, 'titles' | 'templates' | 'userNames' | 'itemNames'> & { readonly users: IdMap };

/** Files that keep the texts of a P5. */
export function textFiles({
  users,
  titles,
  templates,
  userNames,
  itemNames,
}: P5Texts): Record<string, string> {
  return {
    ...itemFiles(users, USERS),
    [TITLES]: JSON.stringify(titles),
    [TEMPLATES]: JSON.stringify(templates),
    [NAMES]: JSON.stringify({ users: userNames, items: itemNames }),
  };
}

/**
 * Reads what {@link textFiles} gave.
 *
 * @throws ArtifactError if a file is missing, or holds something else
 */
export function savedP5Texts(dir: string, artifact: FittedArtifact): P5Texts {
  const { items } = artifact;
  const users = savedItems(dir, artifact, USERS, 'user');
  const names = Object(savedJson(dir, artifact, NAMES, 'names'));
  return {
    users,
    titles: savedTexts(dir, artifact, TITLES, 'titles', items.size),
    templates: savedTemplates(dir, savedJson(dir, artifact, TEMPLATES, 'templates')),
    userNames: savedNames(dir, 'users', names.users, users.size),
    itemNames: savedNames(dir, 'items', names.items, items.size),
  };
}

/** Error of a part that is not what `saveP5` wrote. */
export const refused = (dir: string, expected: string, received: unknown): ArtifactError =>
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

/** The tasks that it was trained on. */
export function savedTasks(dir: string, value: unknown): readonly string[] {
  if (isTexts(value) && value.every((name) => Object.hasOwn(P5_TASKS, name))) return value;
  throw refused(dir, 'names of tasks', value);
}

/** The scale of its ratings; none where they were not trained. */
export function savedRatings(dir: string, value: unknown): RatingFacts | undefined {
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
