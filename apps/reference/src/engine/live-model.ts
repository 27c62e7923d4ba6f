import { join } from 'node:path';
import { InvalidInputError, type LanguageModel } from '@palate/core';
import {
  AnswerCache,
  type LeftOut,
  languageModel,
  openaiModel,
  singleCalls,
  transformersModel,
  withCache,
  withLimits,
  withRetry,
} from '@palate/llm';

/** A live model, and how often it was asked. */
export interface LiveModel {
  readonly model: LanguageModel;
  /** Requests that went to the server so far: those of retries too, those that the cache answered not. */
  asked(): number;
  /** Parameters that the server refused and that are left out since, with its words. */
  leftOut(): readonly LeftOut[];
}

/** Counts the requests that reach a model. */
function counted(model: LanguageModel): Omit<LiveModel, 'leftOut'> {
  const calls = singleCalls(model);
  let asked = 0;
  return {
    model: languageModel({
      ...calls,
      generate: (request, how) => {
        asked++;
        return calls.generate(request, {
          ...how,
          // A request that is sent anew, without what the server refused, is one more.
          beforeFurther: async (failed) => {
            await how.beforeFurther?.(failed);
            asked++;
          },
        });
      },
    }),
    asked: () => asked,
  };
}

/**
 * The language model that `PALATE_LLM` names, with a count of its requests, and without retries, limits or a cache:
 * `openai:MODEL` (with `OPENAI_API_KEY` and `OPENAI_BASE_URL`), `transformers:MODEL`, or none for `local` and where nothing
 * is set.
 *
 * @throws InvalidInputError for another value
 */
export async function namedModel(setting = process.env.PALATE_LLM): Promise<LiveModel | undefined> {
  if (setting === undefined || setting === '' || setting === 'local') return undefined;
  const [provider = '', ...rest] = setting.split(':');
  const model = rest.join(':');
  if (model === '' || (provider !== 'openai' && provider !== 'transformers'))
    throw new InvalidInputError({
      expected: 'PALATE_LLM to be openai:MODEL, transformers:MODEL or local',
      received: JSON.stringify(setting),
      hint: 'For example PALATE_LLM=openai:gpt-4o-mini, or with OPENAI_BASE_URL the name of a local model.',
    });
  const remote = provider === 'openai' ? openaiModel({ model }) : undefined;
  const bare = remote ?? (await transformersModel({ model }));
  return { ...counted(bare), leftOut: () => remote?.leftOut ?? [] };
}

/**
 * The language model that `PALATE_LLM` names, asked with care: retries, few requests at once, and answers kept in a folder.
 *
 * @throws InvalidInputError for a value that names none
 */
export async function liveModel(artifacts: string): Promise<LiveModel | undefined> {
  const named = await namedModel();
  if (!named) return undefined;
  const careful = withRetry(withLimits(named.model, { concurrency: 4 }), { deadlineSeconds: 120 });
  return {
    ...named,
    model: withCache(careful, { cache: await AnswerCache.open(join(artifacts, 'answers')) }),
  };
}
