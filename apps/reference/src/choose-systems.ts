import { namesIn } from '@palate/command-line';
import type { Dataset } from '@palate/core';
import { METHODS, type Method, methodOf } from '@palate/engine';

/** Methods that are fitted in seconds from interactions or words alone: what is compared where nothing is named. */
const LIGHT: readonly Method[] = METHODS.filter(
  ({ key, needs }) => !needs.includes('training') && !['random', 'text-knn'].includes(key),
);

/**
 * The systems named in a list such as `ease,item-knn`; without one, the light ones that the data give enough to.
 *
 * @throws InvalidInputError for an unknown name, with the nearest one
 */
export function chooseSystems(list: string | undefined): (dataset: Dataset) => readonly Method[] {
  const named = list === undefined ? undefined : namesIn(list).map(methodOf);
  return ({ catalog }) =>
    named ?? LIGHT.filter(({ needs }) => catalog.fields.length > 0 || !needs.includes('item texts'));
}
