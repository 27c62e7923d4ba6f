import type { Dataset } from '@palate/core';
import {
  InvalidInputError,
  joinProvenance,
  type Provenance,
  provenanceOfLog,
  RandomStream,
  wordsOf,
} from '@palate/core';
import { RqKMeans, SemanticIds } from '@palate/semantic-id';
import type { P5Settings } from '../p5-options.js';
import { collaborativeVectors } from './collaborative-vectors.js';
import {
  codeNames,
  type IdNames,
  independentNames,
  randomNames,
  sequentialNames,
  titleNames,
} from './id-names.js';

/** Directions of the vectors that clusters are made of. */
const WIDTH = 16;
/** Items of a cluster at least, on average. */
const PER_CLUSTER = 4;

/** Names of items, and what they know of interactions beside the training data. */
export interface NamedItems {
  readonly names: IdNames;
  readonly provenance: Provenance | undefined;
}

/**
 * Names the items by the scheme that the settings ask for.
 *
 * @param titles - by dense item
 * @throws InvalidInputError where the scheme lacks what it is made of
 */
export async function nameItems(
  { log }: Dataset,
  titles: readonly string[],
  settings: P5Settings,
  seed: number,
): Promise<NamedItems> {
  const { items } = log;
  const { itemIds, semanticIds, wholeLog, titleWords } = settings;
  const own = (names: IdNames): NamedItems => ({ names, provenance: undefined });
  switch (itemIds) {
    case 'random':
      return own(randomNames('item', items.size, new RandomStream(seed).fork('item numbers')));
    case 'independent':
      return own(independentNames('item', items.size));
    case 'titles':
      return own(titleNames('item', titles.map(wordsOf), titleWords));
    case 'semantic': {
      if (!semanticIds) throw lacking('semanticIds', itemIds);
      return { names: codeNames('item', items, semanticIds), provenance: semanticIds.provenance };
    }
    case 'clusters': {
      const vectors = collaborativeVectors(log, Math.min(WIDTH, items.size), seed);
      const size = Math.max(2, Math.min(settings.clusterSize, Math.floor(items.size / PER_CLUSTER)));
      const codebook = await RqKMeans.fit(vectors, {
        levels: settings.clusterLevels,
        size,
        minimumUsage: 0,
        seed,
      });
      const ids = await SemanticIds.assign(codebook, vectors, { encoder: 'co-occurrence in training' });
      // Made from the training data alone, as the model is.
      return own(codeNames('item', items, ids));
    }
    case 'sequential': {
      if (!wholeLog) throw lacking('wholeLog', itemIds);
      return {
        names: sequentialNames('item', items, wholeLog),
        provenance: joinProvenance([provenanceOfLog(wholeLog)]),
      };
    }
  }
}

function lacking(option: string, scheme: string): InvalidInputError {
  return new InvalidInputError({
    expected: `${option} for itemIds ${JSON.stringify(scheme)}`,
    received: 'none',
    hint: `Pass ${option}, or choose other itemIds.`,
  });
}
