import {
  type Dataset,
  InvalidInputError,
  joinProvenance,
  type Provenance,
  provenanceOfLog,
} from '@palate/core';
import type { KnowledgeInput } from '../store/generate-knowledge.js';
import type { ItemPromptInput } from './augmentation-prompts.js';

/** One text an item, by dense index, with what the texts know of interactions. */
export interface ItemTexts {
  readonly texts: readonly string[];
  readonly provenance: Provenance;
}

/** Catalogue fields that describe an item, where there are such and nothing else is said. */
const FIELDS = ['title', 'genres'];

/**
 * Inputs of the engagement-guided prompts: an item with its neighbours. What the model writes from them knows the log
 * that the neighbours were found in, and says so.
 *
 * @param training - the data set with its training log alone
 * @param neighbours - of `importantNeighbours` (@palate/graph-augment) on that log
 * @param fields - catalogue fields that describe an item. Default: `title` and `genres`, as far as there are such
 * @throws InvalidInputError if there is not one list an item, or a field does not exist
 */
export function engagementInputs(
  training: Dataset,
  neighbours: readonly (readonly number[])[],
  fields: readonly string[] = FIELDS.filter((field) => training.catalog.fields.includes(field)),
): KnowledgeInput<ItemPromptInput>[] {
  const { log, catalog } = training;
  checkLists(neighbours, log.items.size);
  const provenance = joinProvenance([provenanceOfLog(log), catalog.provenanceOf(fields)]);
  return Array.from(log.items, (entity, item) => ({
    entity,
    input: {
      description: catalog.itemText(item, fields),
      neighbours: (neighbours[item] ?? []).map((other) => catalog.itemText(other, fields)),
    },
    provenance,
  }));
}

/**
 * The engagement-guided text without a language model: the descriptions of an item's neighbours, the most important
 * first. It can be made again for every split, unlike written texts.
 *
 * @param training - the data set with its training log alone
 * @param neighbours - of `importantNeighbours` (@palate/graph-augment) on that log
 * @throws InvalidInputError if there is not one list an item
 */
export function neighbourTexts(training: Dataset, neighbours: readonly (readonly number[])[]): ItemTexts {
  const { log, catalog } = training;
  checkLists(neighbours, log.items.size);
  const fields = FIELDS.filter((field) => catalog.fields.includes(field));
  return {
    texts: neighbours.map((list) => list.map((other) => catalog.itemText(other, fields)).join('; ')),
    provenance: joinProvenance([provenanceOfLog(log), catalog.provenanceOf(fields)]),
  };
}

function checkLists(neighbours: readonly unknown[], items: number): void {
  if (neighbours.length !== items)
    throw new InvalidInputError({
      expected: `a list of neighbours for each of ${items} items`,
      received: String(neighbours.length),
      hint: 'Use importantNeighbours on the same training log.',
    });
}
