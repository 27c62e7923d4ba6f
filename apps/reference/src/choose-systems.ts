import { namesIn } from '@palate/command-line';
import { METHODS, type Method, methodOf } from '@palate/engine';

/** Methods that are fitted in seconds from interactions or words alone: what is compared where nothing is named. */
const LIGHT: readonly Method[] = METHODS.filter(
  ({ key, needs }) => !needs.includes('training') && !['random', 'text-knn'].includes(key),
);

/**
 * The systems named in a list such as `ease,item-knn`; the light ones without one.
 *
 * @throws InvalidInputError for an unknown name, with the nearest one
 */
export function chooseSystems(list: string | undefined): readonly Method[] {
  return list === undefined ? LIGHT : namesIn(list).map(methodOf);
}
