import { type Dataset, unknownName } from '@palate/core';
import { importantNeighbours } from '@palate/graph-augment';
import {
  type AugmentationKind,
  augmentationTemplate,
  type DomainFactors,
  engagementInputs,
  itemFactsTemplate,
  type KnowledgeInput,
  type ReasoningInput,
  reasoningInputs,
  userKeywordsTemplate,
  userReasoningTemplate,
} from '@palate/knowledge-augment';
import { type KnowledgeJob, knowledgeJob } from './knowledge-job.js';

/** How the texts of a run are asked for. */
interface KindSettings {
  readonly domain: DomainFactors;
  /** Catalogue columns that describe an item. */
  readonly fields: readonly string[];
  /** Part of the users' histories that is shown. */
  readonly part: 'early' | 'latest';
  /** At most so many entities of each kind, those with most interactions first. */
  readonly limit?: number | undefined;
  readonly signal: AbortSignal;
}

/** A kind of text that a language model writes. */
export interface KnowledgeKind {
  readonly name: string;
  /** System whose text it is. */
  readonly system: 'kar' | 'llm-rec' | 'palr';
  readonly title: string;
  readonly job: (dataset: Dataset, settings: KindSettings) => Promise<KnowledgeJob> | KnowledgeJob;
}

/** Inputs about the items that have a text at all. */
function itemInputs<Input>(
  { log, catalog }: Dataset,
  fields: readonly string[],
  input: (text: string) => Input,
): KnowledgeInput<Input>[] {
  return Array.from(log.items, (entity, item) => ({ entity, text: catalog.itemText(item, fields) }))
    .filter(({ text }) => text !== '')
    .map(({ entity, text }) => ({ entity, input: input(text), provenance: catalog.provenanceOf(fields) }));
}

const augmentation = (name: AugmentationKind, title: string): KnowledgeKind => ({
  name,
  system: 'llm-rec',
  title,
  job: (dataset, { fields, limit }) =>
    knowledgeJob(
      augmentationTemplate(name),
      itemInputs(dataset, fields, (description) => ({ description })),
      dataset,
      limit,
    ),
});

/** Every kind of text: KAR's two, LLM-Rec's item texts and PALR's profiles. */
const KINDS: readonly KnowledgeKind[] = [
  {
    name: 'facts',
    system: 'kar',
    title: 'facts about an item, factor by factor',
    job: (dataset, { domain, fields, limit }) =>
      knowledgeJob(
        itemFactsTemplate(domain),
        itemInputs(dataset, fields, (item) => ({ item })),
        dataset,
        limit,
      ),
  },
  {
    name: 'preference',
    system: 'kar',
    title: 'what a history says about a user’s taste, factor by factor',
    job: (dataset, settings) =>
      knowledgeJob(
        userReasoningTemplate(settings.domain),
        userInputs(dataset, settings),
        dataset,
        settings.limit,
      ),
  },
  augmentation('paraphrase', 'an item in other words'),
  augmentation('tag', 'an item in 3 to 8 tags'),
  augmentation('infer', 'a fuller description of an item, with what can be inferred'),
  {
    name: 'engagement',
    system: 'llm-rec',
    title: 'what an item has in common with items that the same people choose',
    job: async (dataset, { fields, limit, signal }) =>
      knowledgeJob(
        augmentationTemplate('engagement'),
        engagementInputs(dataset, await importantNeighbours(dataset.log, { signal }), fields).filter(
          ({ input }) => input.description !== '' && (input.neighbours?.length ?? 0) > 0,
        ),
        dataset,
        limit,
      ),
  },
  {
    name: 'keywords',
    system: 'palr',
    title: 'a user’s taste in 2 to 6 keywords',
    job: (dataset, settings) =>
      knowledgeJob(
        userKeywordsTemplate(settings.domain),
        userInputs(dataset, settings),
        dataset,
        settings.limit,
      ),
  },
];

function userInputs(dataset: Dataset, { part }: KindSettings): KnowledgeInput<ReasoningInput>[] {
  const fields = dataset.catalog.fields.includes('title') ? ['title'] : dataset.catalog.fields.slice(0, 1);
  return reasoningInputs(dataset, { fields, part });
}

/**
 * The kinds of a list of names, each of a kind or of a system; `tag`, `infer` and `keywords` without one.
 *
 * @throws InvalidInputError for an unknown name
 */
export function kindsOf(names: readonly string[] | undefined): readonly KnowledgeKind[] {
  const asked = names ?? ['tag', 'infer', 'keywords'];
  const systems = [...new Set(KINDS.map(({ system }) => system))];
  const known = [...KINDS.map(({ name }) => name), ...systems];
  for (const name of asked)
    if (!(known as readonly string[]).includes(name)) throw unknownName('kinds', name, known);
  return KINDS.filter(({ name, system }) => asked.includes(name) || asked.includes(system));
}
