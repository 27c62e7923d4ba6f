import { checkChoice, InvalidInputError, quoteForPrompt } from '@palate/core';
import type { NearColdStartUser, PreferenceInput, PromptStyle, StatedPreferences } from './preferences.js';

/** How preferences are put into words. */
export interface ColdStartPromptOptions {
  readonly style: PromptStyle;
  readonly input: PreferenceInput;
  /** True to include dislikes. Default false: in the paper they did not help. */
  readonly negatives?: boolean | undefined;
  /** Name of an item. */
  readonly title: (item: number) => string;
  /** Name of the items, in the plural. Default `"films"`. */
  readonly noun?: string | undefined;
  /** Other users with items that they liked, for the few-shot style. */
  readonly examples?: readonly { readonly user: NearColdStartUser; readonly liked: readonly number[] }[];
}

/**
 * The text that a liked item's title would continue.
 *
 * `completion` is an unfinished list, `zero-shot` an instruction with the preferences, `few-shot` the same after other
 * users with their answers.
 *
 * @throws InvalidInputError for an unknown style or input, or where the few-shot style has no examples to show
 */
export function coldStartPrompt(preferences: StatedPreferences, options: ColdStartPromptOptions): string {
  const { style, noun = 'films', examples = [] } = options;
  checkChoice('style', style, ['completion', 'zero-shot', 'few-shot']);
  checkChoice('input', options.input, ['items', 'language', 'items+language']);
  if (style === 'few-shot') checkExamples(options);
  const told = tell(preferences, options);
  if (style === 'completion') return `${told} So I would also like the ${singular(noun)}`;
  const question = (words: string): string =>
    `What someone says about ${noun}: "${words}"\nA ${singular(noun)} this person would like:`;
  const instruction = `You know ${noun} well and recommend what fits a person's stated taste.`;
  const shots =
    style === 'few-shot'
      ? examples.map(
          ({ user, liked }) =>
            `${question(tell(user.preferences, options))} ${liked.map((item) => quoteForPrompt(options.title(item))).join('\nAnd: ')}`,
        )
      : [];
  return [instruction, ...shots, question(told)].join('\n\n');
}

/** Without examples the prompt would be the zero-shot one under another name. */
function checkExamples(options: ColdStartPromptOptions): void {
  const { examples = [] } = options;
  const empty = examples.findIndex(
    ({ user, liked }) => liked.length === 0 || tell(user.preferences, options) === '',
  );
  if (examples.length > 0 && empty < 0) return;
  throw new InvalidInputError({
    expected: 'examples for the few-shot style: other users who tell something, with items that they liked',
    received:
      examples.length === 0
        ? 'none'
        : `an example of user ${JSON.stringify(examples[empty]?.user.user)} without`,
    hint: 'Pass examples, or use the zero-shot style.',
  });
}

/** Preferences as the user would say them. */
function tell(preferences: StatedPreferences, options: ColdStartPromptOptions): string {
  const { input, negatives = false, noun = 'films' } = options;
  const title = (item: number): string => quoteForPrompt(options.title(item));
  const { likedItems, dislikedItems, likes, dislikes } = preferences;
  const parts: string[] = [];
  if (input !== 'items' && likes !== '') parts.push(`I like ${statement(likes)}.`);
  if (input !== 'items' && negatives && dislikes !== '') parts.push(`I do not like ${statement(dislikes)}.`);
  if (input !== 'language' && likedItems.length > 0)
    parts.push(`I like the ${noun} ${likedItems.map(title).join(', ')}.`);
  if (input !== 'language' && negatives && dislikedItems.length > 0)
    parts.push(`I do not like the ${noun} ${dislikedItems.map(title).join(', ')}.`);
  return parts.join(' ');
}

/** A user's own words on one line, without the full stop that the sentence around them has. */
const statement = (words: string): string => quoteForPrompt(words).replace(/\.$/, '');

const singular = (noun: string): string => noun.replace(/s$/, '');
