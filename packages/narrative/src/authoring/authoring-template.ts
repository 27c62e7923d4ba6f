import { type ChatMessage, InvalidInputError, quoteForPrompt } from '@palate/core';
import { cleanText, type PromptTemplate } from '@palate/knowledge-augment';
import type { Demonstration } from './demonstrations.js';
import { itemLine } from './item-line.js';
import { titleNamed } from './title-named.js';

/** Parts that an authoring prompt shows. */
export interface AuthoringInput {
  readonly items: readonly { readonly item: string; readonly title: string; readonly sentence: string }[];
  /** In the order in which they are shown. */
  readonly demonstrations: readonly Demonstration[];
}

const list = (items: readonly { readonly title: string; readonly sentence: string }[]): string =>
  items
    .map(
      ({ title, sentence }) =>
        `- ${itemLine({ title: quoteForPrompt(title), sentence: quoteForPrompt(sentence) })}`,
    )
    .join('\n');

/**
 * Mint's question: what would somebody who likes these items post to be recommended them? Three demonstrations come
 * first, each as a turn. An answer that names one of its items is refused: it would teach to match titles.
 *
 * @param noun - what the items are, in the plural
 */
export function authoringTemplate(noun = 'films'): PromptTemplate<AuthoringInput> {
  return {
    kind: 'narrative-request',
    entityType: 'user',
    version: '1',
    request: { maxTokens: 400, temperature: 0.7, topP: 1 },
    messages: ({ items, demonstrations }): ChatMessage[] => [
      {
        role: 'system',
        content: `You write what people post in a forum where they ask for ${noun}. You are given ${noun} that somebody likes, with a sentence each. Write that person's request in the first person, in a few sentences: the situation and the wishes that these ${noun} would meet together. Name none of the ${noun}, and nobody who made them. Answer with the request alone.`,
      },
      ...demonstrations.flatMap(({ items: shown, request }): ChatMessage[] => [
        { role: 'user', content: list(shown) },
        { role: 'assistant', content: request },
      ]),
      { role: 'user', content: list(items) },
    ],
    clean: (answer) => ({ text: cleanText(answer) }),
    check: ({ text }, { items }) => {
      const named = items.find(({ title }) => titleNamed(text, title));
      if (named)
        throw new InvalidInputError({
          expected: 'a request that names none of the items that it was written from',
          received: `one that names ${JSON.stringify(named.title)}`,
          hint: 'Ask again: its temperature is above 0.',
        });
    },
  };
}
