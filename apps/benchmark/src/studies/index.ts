import { entryNamed } from '@palate/core';
import { graphAugmentBeauty, graphAugmentGiftCards, graphAugmentMovieTweetings } from './graph-augment.js';
import { graphUpdates } from './graph-updates.js';
import { karMl1m, karMovieTweetingsByTime, karMovieTweetingsByUser } from './kar.js';
import { karLatency } from './kar-latency.js';
import { learningCurves } from './learning-curves.js';
import { llmRecRandom, llmRecTime } from './llm-rec.js';
import { narrative, narrativeLong, narrativeQuick } from './narrative.js';
import { nearColdStart } from './near-cold-start.js';
import { nearColdStartAnswers } from './near-cold-start-answers.js';
import { p5Beauty, p5GiftCards, p5MovieTweetings } from './p5.js';
import { palr } from './palr.js';
import { palrAnswers } from './palr-answers.js';
import { ratings } from './ratings.js';
import { ratingsAnswers } from './ratings-answers.js';
import { rerank } from './rerank.js';
import type { Study } from './study.js';
import { textRequests } from './text-requests.js';
import { tigerColdStart, tigerColdStartBeauty, tigerDiversity } from './tiger.js';
import { uemMl1m, uemMovieTweetings } from './uem.js';

/** Every study of the benchmark: a new one is one file and one entry here. */
export const STUDIES: readonly Study[] = [
  textRequests,
  palr,
  p5GiftCards,
  p5MovieTweetings,
  p5Beauty,
  palrAnswers,
  tigerColdStart,
  tigerColdStartBeauty,
  tigerDiversity,
  ratings,
  ratingsAnswers,
  nearColdStart,
  nearColdStartAnswers,
  karMl1m,
  karMovieTweetingsByUser,
  karMovieTweetingsByTime,
  karLatency,
  rerank,
  llmRecRandom,
  llmRecTime,
  narrative,
  narrativeLong,
  narrativeQuick,
  graphAugmentMovieTweetings,
  graphAugmentBeauty,
  graphAugmentGiftCards,
  uemMl1m,
  uemMovieTweetings,
  graphUpdates,
  learningCurves,
];

/**
 * The study of a name.
 *
 * @throws InvalidInputError if there is none
 */
export function studyOf(name: string): Study {
  return entryNamed('a study', STUDIES, (each) => each.name, name);
}
