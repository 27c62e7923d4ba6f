import type { KnowledgeStore, LanguageModel, LongCallOptions } from '@palate/core';
import {
  generateKnowledge,
  type KnowledgeInput,
  type KnowledgeReport,
  knowledgeOf,
} from '@palate/knowledge-augment';
import type { AuthoredRequest } from './authored-request.js';
import { type AuthoringInput, authoringTemplate } from './authoring-template.js';

/** Options of {@link authorRequests}. */
export interface AuthorRequestsOptions extends LongCallOptions {
  readonly store: KnowledgeStore;
  /** Wrap it for retries, limits and a budget: the job ends, and says why, when the budget is spent. */
  readonly model: LanguageModel;
  /** Name of the items, in the plural. Default `"films"`. */
  readonly noun?: string | undefined;
  /** Requests to the model in flight at once. Default 4. */
  readonly concurrency?: number | undefined;
  /** File of JSON lines to which failures are added: answers that name an item, are refused, empty or cut. */
  readonly failures?: string | undefined;
}

/**
 * Has a language model write the requests of authors, each once: the knowledge job with its store, ledger of failures and
 * resuming. What the store has is not asked for again.
 *
 * @param inputs - of `authoringInputs`
 * @returns the requests that there are, in the order of the inputs, and the report of the job
 * @throws StoreError if store or ledger cannot be written; CancelledError if `signal` fires
 */
export async function authorRequests(
  inputs: readonly KnowledgeInput<AuthoringInput>[],
  options: AuthorRequestsOptions,
): Promise<{ readonly requests: AuthoredRequest[]; readonly report: KnowledgeReport }> {
  const { noun, ...job } = options;
  const template = authoringTemplate(noun);
  const report = await generateKnowledge({ ...job, template, inputs });
  const items = new Map(inputs.map(({ entity, input }) => [entity, input.items.map(({ item }) => item)]));
  const requests: AuthoredRequest[] = [];
  for await (const { entity, text, provenance } of knowledgeOf({
    store: job.store,
    model: job.model,
    template,
    inputs,
  }))
    requests.push({ user: entity, items: items.get(entity) ?? [], text, provenance });
  return { requests, report };
}
