import {
  checkChoice,
  checkNumber,
  checkOptions,
  type Dataset,
  joinProvenance,
  madeFrom,
  quoteForPrompt,
  WORLD,
} from '@palate/core';
import { knownBefore } from '../features/known-history.js';
import type { KnowledgeInput } from '../store/generate-knowledge.js';
import type { PromptTemplate } from '../store/prompt-template.js';
import type { DomainFactors } from './factors.js';

/** History as a language model is shown it: the early part, oldest first. */
export interface ReasoningInput {
  /** A few words on who the user is, where that is known and may be told. */
  readonly person?: string | undefined;
  readonly history: readonly { readonly title: string; readonly rating?: number | undefined }[];
}

/** The lines of a history for a prompt, behind how they are ordered. */
export function historyInWords(history: ReasoningInput['history']): string {
  const rated = history.some(({ rating }) => rating !== undefined) ? ', with ratings' : '';
  const lines = history.map(
    ({ title, rating }) => `- ${quoteForPrompt(title)}${rating === undefined ? '' : `: ${rating}`}`,
  );
  return `oldest first${rated}:\n${lines.join('\n')}`;
}

/** KAR's question about a user: what the history says about the taste, factor by factor. */
export function userReasoningTemplate(domain: DomainFactors): PromptTemplate<ReasoningInput> {
  return {
    kind: 'preference',
    entityType: 'user',
    version: '1',
    request: { maxTokens: 500, temperature: 0 },
    messages: ({ person, history }) => [
      {
        role: 'user',
        content: `${person ? `${quoteForPrompt(person)} ` : ''}A person has met these ${domain.noun}, ${historyInWords(history)}\n\nWhat does this say about the person's taste? Go through ${domain.factors.join(', ')}; say what supports each point, and leave out what nothing supports.`,
      },
    ],
  };
}

/** KAR's question about an item: what is known of it along the same factors. */
export function itemFactsTemplate(domain: DomainFactors): PromptTemplate<{ readonly item: string }> {
  return {
    kind: 'facts',
    entityType: 'item',
    version: '1',
    provenance: WORLD,
    request: { maxTokens: 400, temperature: 0 },
    messages: ({ item }) => [
      {
        role: 'user',
        content: `Describe "${quoteForPrompt(item)}" along these factors: ${domain.factors.join(', ')}. State facts you are sure of, and leave out the others.`,
      },
    ],
  };
}

/** Options of {@link reasoningInputs}. */
export interface ReasoningInputOptions {
  /** Catalogue fields that name an item. Default title. */
  readonly fields?: readonly string[] | undefined;
  /** Most interactions that are shown. Default 30. */
  readonly most?: number | undefined;
  /**
   * Part of a history that is shown: its earlier half, so that samples can come from after it, or its end, for answers to people
   * alone: no model may be measured with such texts on these interactions. Default `'early'`.
   */
  readonly part?: 'early' | 'latest' | undefined;
}

/** How many of a user's interactions a language model may see: the earlier half, at most `most`. */
export function earlyCount(interactions: number, most = 30): number {
  return Math.min(checkNumber('most', most, { min: 1, integer: true }), Math.floor((interactions + 1) / 2));
}

/**
 * Inputs of the user question from the early part of each history: samples have to come from after it
 * ({@link earlyCount} gives the count, and `ctrSamples` takes it). What happened at one time, or was shown by one
 * request, is shown as a whole or not at all; each input says how much it shows of its user.
 */
export function reasoningInputs(
  dataset: Dataset,
  options: ReasoningInputOptions = {},
): KnowledgeInput<ReasoningInput>[] {
  checkOptions('reasoningInputs', options, ['fields', 'most', 'part']);
  const { log, catalog } = dataset;
  const fields = options.fields ?? ['title'];
  const part = checkChoice('part', options.part ?? 'early', ['early', 'latest']);
  const { offsets, row } = log.byUser();
  const { rating } = log;
  const described = catalog.provenanceOf(fields);
  return [...log.users].flatMap((entity, user) => {
    const from = offsets[user]!;
    const all = offsets[user + 1]! - from;
    const early = earlyCount(all, options.most);
    const count = part === 'latest' ? all : Math.min(early, knownBefore(log, user, early));
    const shown = Math.min(count, options.most ?? 30);
    const rows = Array.from(row.subarray(from + count - shown, from + count));
    if (rows.length === 0) return [];
    const until = log.timestamp[rows.at(-1) as number]!;
    return [
      {
        entity,
        input: {
          history: rows.map((r) => ({
            title: catalog.itemText(log.item[r]!, fields),
            rating: rating ? rating[r]! : undefined,
          })),
        },
        knowsUntil: log.timeUnit === 'seconds' ? until : undefined,
        provenance: joinProvenance([
          madeFrom({
            users: { [entity]: { n: count, until: log.timeUnit === 'seconds' ? until : undefined } },
          }),
          described,
        ]),
      },
    ];
  });
}
