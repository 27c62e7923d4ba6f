import { InvalidInputError, type LanguageModel, type LongCallOptions } from '@palate/core';
import { readAnswer, readList } from '@palate/llm';

/** Factors that matter to people in a domain: users are reasoned about and items described along the same ones. */
export interface DomainFactors {
  /** Name of the items, in the plural. */
  readonly noun: string;
  readonly factors: readonly string[];
}

/** Factors that come with the package. */
export const FACTORS: Readonly<Record<'films' | 'books' | 'generic', DomainFactors>> = {
  films: {
    noun: 'films',
    factors: [
      'genre',
      'director and actors',
      'period and country',
      'characters',
      'plot and theme',
      'mood and tone',
      'acclaim and awards',
      'production quality',
      'soundtrack',
    ],
  },
  books: {
    noun: 'books',
    factors: [
      'genre',
      'author',
      'writing style',
      'theme',
      'setting',
      'length and complexity',
      'period',
      'literary quality',
      'acclaim',
    ],
  },
  generic: {
    noun: 'items',
    factors: ['kind', 'purpose', 'style', 'quality', 'price range', 'maker', 'audience'],
  },
};

/**
 * Asks a language model what matters to people in a domain.
 *
 * @throws InvalidInputError if the answer holds fewer than three factors; the model's own error if it fails, and
 * UnusableAnswerError if it answers nothing
 */
export async function askFactors(
  model: LanguageModel,
  noun: string,
  options: LongCallOptions = {},
): Promise<DomainFactors> {
  const [outcome] = await model.generate(
    [
      {
        messages: [
          {
            role: 'user',
            content: `Which factors decide whether a person likes ${noun}? Name 5 to 10 of them, one a line, each in one to three words, and nothing else.`,
          },
        ],
        temperature: 0,
        maxTokens: 120,
        promptVersion: 'factors@1',
      },
    ],
    options,
  );
  if (!outcome?.ok) throw outcome?.error;
  const read = readAnswer(outcome.result);
  if (!read.ok) throw read.error;
  const factors = readList(read.text)
    .map((line) => line.replace(/\s?[:–—].*$/s, '').toLowerCase())
    .filter((line) => /\p{L}/u.test(line) && line.split(' ').length <= 4);
  if (factors.length < 3)
    throw new InvalidInputError({
      expected: 'a list of factors, one per line',
      received: JSON.stringify(read.text.slice(0, 120)),
      hint: 'Ask a larger model, or use the factors that come with the package.',
    });
  return { noun, factors: [...new Set(factors)].slice(0, 10) };
}
