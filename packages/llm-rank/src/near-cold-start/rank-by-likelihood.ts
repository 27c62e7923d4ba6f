import { type LanguageModel, type LongCallOptions, quoteForPrompt, UnsupportedError } from '@palate/core';
import type { NearColdStartUser } from './preferences.js';
import { type ColdStartPromptOptions, coldStartPrompt } from './prompts.js';

/** How log-likelihoods become scores. */
export interface LikelihoodOptions extends LongCallOptions {
  /** `'sum'` of the tokens' log-probabilities, or their `'mean'`, which does not favour short titles. Default `'mean'`. */
  readonly length?: 'sum' | 'mean';
  /**
   * True to take off the title's log-likelihood after a prompt without preferences: what is left is what the
   * preferences add, not how well known a title is. Default false.
   */
  readonly priorCorrection?: boolean;
}

/** A prompt that tells nothing. */
const NO_PREFERENCES = { likedItems: [], dislikedItems: [], likes: '', dislikes: '' };

/**
 * Scores each user's pool by the log-likelihood of its titles as continuations of the prompt (Sanner et al. 2023).
 *
 * @returns for each user one score an item of the pool, higher is better
 * @throws UnsupportedError if the model gives no log-likelihoods
 */
export async function rankByLikelihood(
  model: LanguageModel,
  users: readonly NearColdStartUser[],
  prompt: ColdStartPromptOptions,
  options: LikelihoodOptions = {},
): Promise<number[][]> {
  const { length = 'mean', priorCorrection = false, ...callOptions } = options;
  if (!model.logLikelihood)
    throw new UnsupportedError({
      expected: 'a model that gives log-likelihoods of continuations',
      received: model.id,
      hint: 'Use a local model or a server that echoes log-probabilities, or rank by number with LlmRanker.',
    });
  const pairs = users.flatMap((user) =>
    user.pool.map(({ item }) => ({
      prompt: coldStartPrompt(user.preferences, prompt),
      continuation: ` ${quoteForPrompt(prompt.title(item))}`,
    })),
  );
  const likelihoods = await model.logLikelihood(pairs, callOptions);
  const score = ({ logLikelihood, tokens }: { logLikelihood: number; tokens: number }): number =>
    length === 'mean' ? logLikelihood / Math.max(1, tokens) : logLikelihood;
  const priors = new Map<string, number>();
  if (priorCorrection) {
    const titles = [...new Set(pairs.map(({ continuation }) => continuation))];
    const bare = coldStartPrompt(NO_PREFERENCES, prompt);
    const found = await model.logLikelihood(
      titles.map((continuation) => ({ prompt: bare, continuation })),
      callOptions,
    );
    for (const [k, title] of titles.entries()) priors.set(title, score(found[k] as (typeof found)[number]));
  }
  let at = 0;
  return users.map((user) =>
    user.pool.map(() => {
      const own = score(likelihoods[at] as (typeof likelihoods)[number]);
      return own - (priors.get((pairs[at++] as (typeof pairs)[number]).continuation) ?? 0);
    }),
  );
}
