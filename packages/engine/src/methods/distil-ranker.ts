import {
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
} from '@palate/core';
import { LocalRanker, type TaughtRanking } from '@palate/llm-rank';
import { trainingOptions } from './fit-options.js';
import type { FittedMethod, MethodContext } from './method.js';
import { sasrec } from './sequential.js';
import { startVectors } from './start-vectors.js';

/** Options of {@link distilRanker}. */
export const DISTIL = defineOptions('distilRanker', {
  dimension: option.integer({ min: 1, max: 65_536 })({ default: 64, doc: 'width of the ranker' }),
  epochs: option.integer({ min: 1 })({
    default: 6,
    doc: 'most epochs over the rankings and the instruction data',
  }),
  perUser: option.integer({ min: 1, max: 10_000 })({
    default: 1,
    doc: 'examples per user drawn from histories beside the rankings',
  }),
  userShare: option.number({ min: 0, max: 1 })({
    default: 0.2,
    doc: 'share of the users that these examples are drawn from',
  }),
  sequence: option
    .value<FittedMethod>('a fitted method', (value) => typeof Object(value).retrieve === 'function')
    .optional({
      doc: 'SASRec fitted on the same data; if left out, one is fitted with the registry’s settings for `full`',
    }),
  rankingsProvenance: option
    .value<Provenance>('a provenance', (value) => typeof Object(value).kind === 'string')
    .optional({
      doc: 'provenance of the rankings; evaluation refuses a ranker whose rankings do not state it',
    }),
});

/** Options of {@link distilRanker}; {@link DISTIL} says what each does. */
export type DistilOptions = OptionsOf<typeof DISTIL.declarations> & LongCallOptions;

/**
 * Trains a local ranker on choices of a large language model among a retriever's candidates, recorded or live, beside the
 * histories of the data: a small model that orders as the large one would, for nothing an answer. Items start from the
 * vectors of SASRec and of their texts, and every other example of the histories has SASRec's own best as negatives.
 *
 * A tenth of the rankings is kept to stop by, and to choose the weight of the retriever's order by.
 *
 * @param dataset - training data
 * @param rankings - in dense items of the data
 * @param context - as `methodContext` makes it of the same data
 * @throws InvalidInputError for rankings of other users or items than the data's
 */
export async function distilRanker(
  dataset: Dataset,
  rankings: readonly TaughtRanking[],
  context: MethodContext,
  options: DistilOptions = {},
): Promise<LocalRanker> {
  const { dimension, epochs, perUser, userShare, rankingsProvenance, ...given } = DISTIL.settings(options);
  const sequence = given.sequence ?? (await context.other('sasrec', sasrec.defaults?.full));
  return LocalRanker.fit(dataset, {
    ...trainingOptions({ ...context, validation: undefined }),
    tasks: ['recommend-retrieval'],
    dimension,
    epochs,
    perUser,
    userShare,
    profiles: context.profiles,
    profileProvenance: context.profileProvenance,
    vectors: await startVectors(context, dimension, sequence),
    retriever: sequence,
    rankings,
    rankingsProvenance,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    signal: options.signal ?? context.signal,
    onProgress: options.onProgress ?? context.onProgress,
  });
}
