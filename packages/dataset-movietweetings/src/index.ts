export {
  ANSWERS_CAVEAT,
  type ColdStartInput,
  loadColdStartRankings,
  loadRankings,
  loadRatingAnswers,
  loadRatingExamples,
  type RatingExample,
  type RecordedColdStart,
  type RecordedRanking,
  type RecordedRating,
} from './answers.js';
export { BUNDLED, type BundledOptions, loadBundledMovieTweetings } from './bundled.js';
export { engagementProvenance } from './engagement-provenance.js';
export {
  type ItemEngagement,
  type ItemKnowledge,
  type ItemTags,
  loadEngagement,
  loadItemKnowledge,
  loadNarratives,
  loadTags,
  loadUserKnowledge,
  type NarrativeRequest,
  type UserKnowledge,
} from './knowledge.js';
export { narrativeProvenance } from './narrative-provenance.js';
export { rankingProvenance } from './ranking-provenance.js';
export { userProvenance } from './user-provenance.js';
