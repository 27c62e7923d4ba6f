import type { Dataset, KnowledgeEntry, KnowledgeStore, LanguageModel } from '@palate/core';
import {
  type GenerateKnowledgeOptions,
  generateKnowledge,
  type KnowledgeInput,
  type KnowledgeReport,
  knowledgeOf,
  type PromptTemplate,
  pendingKnowledge,
} from '@palate/knowledge-augment';

type Asking = { readonly store: KnowledgeStore; readonly model: LanguageModel };

/** Texts of one kind about the items or users of a data set, whatever its prompt is made from. */
export interface KnowledgeJob {
  readonly kind: string;
  readonly entityType: 'item' | 'user';
  /** How many entities it is about. */
  readonly size: number;
  /** Items without a text, or users of whom nothing may be shown. */
  readonly leftOut: number;
  /** Questions that are still to be asked. */
  pending(
    asking: Asking,
  ): Promise<
    { readonly entity: string; readonly request: Parameters<LanguageModel['generate']>[0][number] }[]
  >;
  run(
    options: Asking & Omit<GenerateKnowledgeOptions<never>, 'template' | 'inputs'>,
  ): Promise<KnowledgeReport>;
  /** The texts that are there. */
  known(asking: Asking): AsyncIterable<KnowledgeEntry>;
}

/**
 * Makes a job of a prompt and its inputs.
 *
 * @param limit - at most so many, of the entities with most interactions
 */
export function knowledgeJob<Input>(
  template: PromptTemplate<Input>,
  all: readonly KnowledgeInput<Input>[],
  { log }: Dataset,
  limit: number | undefined,
): KnowledgeJob {
  const isItem = template.entityType === 'item';
  const [ids, counts] = isItem ? [log.items, log.itemCounts()] : [log.users, log.userCounts()];
  const count = ({ entity }: KnowledgeInput<Input>): number => counts[ids.indexOf(entity)] ?? 0;
  const inputs =
    limit === undefined || all.length <= limit
      ? all
      : [...all].sort((a, b) => count(b) - count(a)).slice(0, limit);
  return {
    leftOut: ids.size - all.length,
    kind: template.kind,
    entityType: template.entityType,
    size: inputs.length,
    pending: async (asking) =>
      (await pendingKnowledge({ ...asking, template, inputs })).map(({ input, request }) => ({
        entity: input.entity,
        request,
      })),
    run: (options) => generateKnowledge({ ...options, template, inputs }),
    known: (asking) => knowledgeOf({ ...asking, template, inputs }),
  };
}
