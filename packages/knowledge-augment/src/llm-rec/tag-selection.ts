import {
  defineOptions,
  type LanguageModel,
  type LongCallOptions,
  type OptionsOf,
  OutcomeCounter,
  type OutcomeCounts,
  option,
  PalateError,
  quoteForPrompt,
  type TextEncoder,
} from '@palate/core';
import { readAnswer } from '@palate/llm';
import type { PromptTemplate } from '../store/prompt-template.js';
import { cleanTags } from './clean-answers.js';
import { candidateTags, plainTag, type TagVocabulary } from './tag-gpt.js';

/** Input of the selection: an item, and the tags to choose from. */
export interface TagSelectionInput {
  readonly description: string;
  readonly candidates: readonly string[];
}

/** TagGPT's question which of the tags of a vocabulary an item has, for a job of its own or {@link tagSelectively}. */
export const tagSelectionTemplate: PromptTemplate<TagSelectionInput> = {
  kind: 'tag-selection',
  entityType: 'item',
  version: '1',
  request: { maxTokens: 100, temperature: 0 },
  messages: ({ description, candidates }) => [
    {
      role: 'system',
      content: 'You tag the items of a catalogue. Answer with tags alone, separated by commas.',
    },
    {
      role: 'user',
      content: `Item: ${quoteForPrompt(description)}\n\nWhich of these tags does it have? Choose those that certainly hold, in the words of the list: ${candidates.map(quoteForPrompt).join(', ')}.`,
    },
  ],
  clean: cleanTags,
};

/** Options of {@link tagSelectively}. */
export const TAG_SELECTION = defineOptions('tagSelectively', {
  encoder: option
    .value<TextEncoder>('a text encoder', (value) => typeof Object(value).encode === 'function')
    .required({ doc: 'encoder that finds the tags of the vocabulary nearest to a text' }),
  candidates: option.integer({ min: 1, max: 200 })({
    default: 10,
    doc: 'number of tags that the model chooses from',
  }),
});

/** Options of {@link tagSelectively}; {@link TAG_SELECTION} says what each does. */
export type TagSelectionOptions = OptionsOf<typeof TAG_SELECTION.declarations> & LongCallOptions;

/** Tags that a model chose. */
export interface SelectedTags {
  /** Tags of each text, in the order of the candidates. */
  readonly tags: readonly (readonly string[])[];
  /**
   * Texts that got no tags count as fallen back: by the error's code where the model did not answer or its answer held no
   * tags, and as `'no candidate named'`. `'tag invented'` counts those that were no candidates and left out.
   */
  readonly outcomes: OutcomeCounts;
}

/**
 * TagGPT's selective tagger (Li et al. 2023, section 3.3): of the vocabulary's tags nearest to an item's text a language
 * model chooses those that it has. Nothing outside the vocabulary comes out.
 *
 * @throws InvalidInputError for unknown options; CancelledError
 */
export async function tagSelectively(
  texts: readonly string[],
  vocabulary: TagVocabulary,
  model: LanguageModel,
  options: TagSelectionOptions,
): Promise<SelectedTags> {
  const { encoder, candidates: count } = TAG_SELECTION.settings(options);
  const { signal, onProgress } = options;
  const offered: string[][] = [];
  for (const text of texts) offered.push(await candidateTags(text, vocabulary, encoder, count));
  const answers = await model.generate(
    texts.map((description, at) => ({
      ...tagSelectionTemplate.request,
      messages: tagSelectionTemplate.messages({ description, candidates: offered[at] ?? [] }),
      promptVersion: `tag-selection@${tagSelectionTemplate.version}`,
    })),
    { signal, onProgress },
  );
  const counter = new OutcomeCounter('tagSelectively', texts.length);
  const tags = answers.map((answer, at) => {
    const named = new Set<string>();
    try {
      if (!answer.ok) throw answer.error;
      const read = readAnswer(answer.result);
      if (!read.ok) throw read.error;
      for (const tag of cleanTags(read.text).text.split(', ')) named.add(plainTag(tag));
    } catch (error) {
      if (!PalateError.is(error)) throw error;
      counter.fallBack(error.code, error.received);
      return [];
    }
    const chosen = (offered[at] ?? []).filter((tag) => named.has(tag));
    for (const tag of named) if (!chosen.includes(tag)) counter.note('tag invented', tag);
    if (chosen.length === 0) counter.fallBack('no candidate named');
    return chosen;
  });
  return { tags, outcomes: counter.counts() };
}
