import type * as Transformers from '@huggingface/transformers';
import { MissingDependencyError, switchOffUsageReports } from '@palate/core';
import type { TransformersLibrary } from './transformers-options.js';

const PACKAGE = '@huggingface/transformers';

/** The optional library, imported when it is needed. */
export async function importTransformers(neededFor: string): Promise<typeof Transformers> {
  switchOffUsageReports();
  try {
    return await import('@huggingface/transformers');
  } catch (cause) {
    throw new MissingDependencyError(PACKAGE, neededFor, cause);
  }
}

/** The library that the user hands over, or the one that is installed. */
export async function givenOrImported(
  given: TransformersLibrary | undefined,
  neededFor: string,
): Promise<typeof Transformers> {
  // The module's own types stay inside: those of the option hold without it.
  return (given as typeof Transformers | undefined) ?? (await importTransformers(neededFor));
}
