import {
  checkChoice,
  InvalidInputError,
  type LanguageModel,
  type LikelihoodRequest,
  type LikelihoodResult,
  type LongCallOptions,
  PalateError,
  quoteForPrompt,
  UnsupportedError,
} from '@palate/core';
import type { NearColdStartUser } from './preferences.js';
import { type ColdStartPromptOptions, coldStartPrompt } from './prompts.js';

/** How log-likelihoods become scores. */
export interface LikelihoodOptions extends LongCallOptions {
  /** `'sum'` of the tokens' log-probabilities, or their `'mean'`, which does not favour short titles. Default `'mean'`. */
  readonly length?: 'sum' | 'mean' | undefined;
  /**
   * True to take off the title's log-likelihood after a prompt without preferences: what is left is what the
   * preferences add, not how well known a title is. Default false.
   */
  readonly priorCorrection?: boolean | undefined;
}

/** A prompt without information. */
const NO_PREFERENCES = { likedItems: [], dislikedItems: [], likes: '', dislikes: '' };

/**
 * Scores each user's pool by the log-likelihood of its titles as continuations of the prompt (Sanner et al. 2023).
 *
 * @returns for each user one score an item of the pool, higher is better
 * @throws UnsupportedError if the model gives no log-likelihoods; PalateError (`bad-answer`) naming the title where it
 *   gives one that is no finite number, which would rank a title first or last for no reason; InvalidInputError if a user
 *   of the study is an example
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
  checkChoice('length', length, ['sum', 'mean']);
  if (prompt.style === 'few-shot') checkOthers(users, prompt);
  const pairs = users.flatMap((user) =>
    user.pool.map(({ item }) => ({
      prompt: coldStartPrompt(user.preferences, prompt),
      continuation: ` ${quoteForPrompt(prompt.title(item))}`,
    })),
  );
  const likelihoods = checked(model, pairs, await model.logLikelihood(pairs, callOptions));
  const score = ({ logLikelihood, tokens }: { logLikelihood: number; tokens: number }): number =>
    length === 'mean' ? logLikelihood / tokens : logLikelihood;
  const priors = new Map<string, number>();
  if (priorCorrection) {
    const titles = [...new Set(pairs.map(({ continuation }) => continuation))];
    const bare = coldStartPrompt(NO_PREFERENCES, prompt);
    const requests = titles.map((continuation) => ({ prompt: bare, continuation }));
    const found = checked(model, requests, await model.logLikelihood(requests, callOptions));
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

/** Log-likelihoods as they may be: one a request, finite, not above 0 but for rounding, of at least one token. */
function checked(
  model: LanguageModel,
  requests: readonly LikelihoodRequest[],
  results: readonly LikelihoodResult[],
): readonly LikelihoodResult[] {
  const fail = (expected: string, received: string): never => {
    throw new PalateError('bad-answer', {
      expected,
      received: `${received} from ${model.id}`,
      hint: 'Use a model or server that scores every token of the text it is given, or rank by number with LlmRanker.',
    });
  };
  if (results.length !== requests.length)
    fail(`a log-likelihood for each of ${requests.length} texts`, String(results.length));
  for (const [k, { logLikelihood, tokens }] of results.entries())
    if (!Number.isFinite(logLikelihood) || logLikelihood > 1e-3 || !Number.isInteger(tokens) || tokens < 1)
      fail(
        `a finite log-likelihood of at least one token for ${JSON.stringify(requests[k]?.continuation.trim())}`,
        `${logLikelihood} of ${tokens} tokens`,
      );
  return results;
}

/** A user whose liked items appear in the prompt is not a user of the study. */
function checkOthers(users: readonly NearColdStartUser[], { examples = [] }: ColdStartPromptOptions): void {
  const shown = new Set(examples.map(({ user }) => user.user));
  const both = users.find(({ user }) => shown.has(user));
  if (both === undefined) return;
  throw new InvalidInputError({
    expected: 'examples of users who are not in the study',
    received: `user ${JSON.stringify(both.user)} in both`,
    hint: 'Leave the users of the examples out of the study.',
  });
}
