import type { DomainFactors } from '../kar/factors.js';
import { historyInWords, type ReasoningInput } from '../kar/kar-prompts.js';
import { cleanTags } from '../llm-rec/clean-answers.js';
import type { PromptTemplate } from '../store/prompt-template.js';

/**
 * PALR's first question about a user: a few keywords of what the history says they like, which the ranker reads beside
 * the history. Inputs are those of KAR's question about a user (`reasoningInputs`).
 */
export function userKeywordsTemplate(domain: DomainFactors): PromptTemplate<ReasoningInput> {
  return {
    kind: 'keywords',
    entityType: 'user',
    version: '1',
    request: { maxTokens: 80, temperature: 0 },
    messages: ({ history }) => [
      {
        role: 'user',
        content: `Somebody chose these ${domain.noun}, ${historyInWords(history)}\n\nSum up what they like in 2 to 6 keywords, separated by commas. Answer with the keywords alone.`,
      },
    ],
    clean: cleanTags,
  };
}
