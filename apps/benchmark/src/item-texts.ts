import { fileURLToPath } from 'node:url';
import {
  type Dataset,
  EmbeddingTable,
  InvalidInputError,
  joinProvenance,
  type LongCallOptions,
  type TextEncoder,
  WORLD,
} from '@palate/core';
import {
  engagementProvenance,
  loadEngagement,
  loadItemKnowledge,
  loadTags,
} from '@palate/dataset-movietweetings';
import type { ItemTexts } from '@palate/knowledge-augment';
import { useLiteEncoder } from '@palate/llm';

/** Folder of what can be made again: vectors and fitted models. */
export const CACHE = fileURLToPath(new URL('../.cache', import.meta.url));

/** Whether a data set is the bundled one. */
export const isBundled = (dataset: Dataset): boolean => dataset.name.includes('MovieTweetings');

/** Families of item texts. */
export type TextFamily = 'catalogue' | 'knowledge' | 'tags' | 'engagement';

/**
 * One text an item, by dense index; the empty one where there is none.
 *
 * @throws InvalidInputError for recorded texts of another data set than the bundled one
 */
async function itemTexts(dataset: Dataset, family: TextFamily): Promise<string[]> {
  const { log, catalog } = dataset;
  if (family === 'catalogue')
    return Array.from({ length: log.items.size }, (_, item) => catalog.itemText(item, catalog.fields));
  if (!isBundled(dataset))
    throw new InvalidInputError({
      expected: 'the bundled data set, whose films have recorded texts',
      received: dataset.name,
      hint: "Use the family 'catalogue'.",
    });
  const texts = new Map<string, string>(
    family === 'knowledge'
      ? (await loadItemKnowledge()).map(({ item, text }) => [item, text])
      : family === 'tags'
        ? (await loadTags()).map(({ item, tags }) => [item, tags.join(', ')])
        : (await loadEngagement()).map(({ item, text }) => [item, text]),
  );
  return [...log.items].map((id) => texts.get(id) ?? '');
}

/** One text an item, with what the texts know of interactions: evaluation compares it with what is predicted. */
export async function itemTextFamily(dataset: Dataset, family: TextFamily): Promise<ItemTexts> {
  return {
    texts: await itemTexts(dataset, family),
    provenance:
      family === 'engagement'
        ? engagementProvenance(dataset.log)
        : family === 'catalogue'
          ? dataset.catalog.provenanceOf()
          : WORLD,
  };
}

/** The encoder of all benchmarks; its vectors are kept. */
export function benchmarkEncoder(): Promise<TextEncoder> {
  return useLiteEncoder({ cacheDir: `${CACHE}/vectors` });
}

/** Vectors of the items' texts, the families joined by a space. */
export async function itemVectors(
  dataset: Dataset,
  families: readonly TextFamily[],
  options: LongCallOptions = {},
): Promise<EmbeddingTable> {
  const encoder = await benchmarkEncoder();
  const parts = await Promise.all(families.map((family) => itemTextFamily(dataset, family)));
  const texts = Array.from({ length: dataset.log.items.size }, (_, item) =>
    parts
      .map((family) => family.texts[item])
      .filter((text) => text !== '')
      .join('. '),
  );
  const { data, width } = await encoder.encode(texts, {
    signal: options.signal,
    onProgress: options.onProgress,
  });
  return new EmbeddingTable(
    dataset.log.items,
    width,
    data,
    joinProvenance(parts.map(({ provenance }) => provenance)),
  );
}

/** The texts that a benchmark takes where nothing else is said: recorded knowledge where there is any. */
export function defaultFamilies(dataset: Dataset): readonly TextFamily[] {
  return isBundled(dataset) ? ['catalogue', 'knowledge'] : ['catalogue'];
}
