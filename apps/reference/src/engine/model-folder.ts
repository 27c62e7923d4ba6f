import { basename, join, resolve } from 'node:path';
import type { FittingOptions } from '../command-options.js';

/** Folder of the models of a data set under `--artifacts`; the engine chooses one in the user's cache folder otherwise. */
export function modelFolder({
  artifacts,
  data,
}: Pick<FittingOptions, 'artifacts' | 'data'>): string | undefined {
  return artifacts === undefined ? undefined : join(artifacts, basename(resolve(data)));
}
