import { InvalidInputError } from '@palate/core';
import { SYSTEMS, type System } from './systems.js';

/**
 * The systems named in a list such as `ease,item-knn`; all without one.
 *
 * @throws InvalidInputError for an unknown name
 */
export function chooseSystems(list: string | undefined, all: readonly System[] = SYSTEMS): readonly System[] {
  if (list === undefined) return all;
  return list.split(',').map((name) => {
    const system = all.find(({ key }) => key === name.trim());
    if (system) return system;
    throw new InvalidInputError({
      expected: `systems among ${all.map(({ key }) => key).join(', ')}`,
      received: JSON.stringify(name.trim()),
      hint: 'Correct the name.',
    });
  });
}
