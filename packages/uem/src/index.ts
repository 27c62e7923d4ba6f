export { HISTORY_VECTORS, HistoryVectors, type HistoryVectorsOptions } from './history/history-vectors.js';
export { type RatingScale, ratingInWords } from './history/rating-words.js';
export { historyOfUser, newestOf, type UserHistory } from './history/user-history.js';
export type { CutTexts } from './model/prepared-examples.js';
export { PromptedModel, type PromptedQuery } from './model/prompted-model.js';
export { type SoftPrompt, userVector } from './model/soft-prompt.js';
export { Uem } from './model/uem.js';
export type { UemExample, UemQuery } from './model/uem-example.js';
export { UEM, type UemOptions } from './model/uem-options.js';
export { UserEmbeddingModule, type UserEmbeddingSizes } from './module/user-embedding-module.js';
export {
  boundsOnScale,
  GENRE_PREFERENCES,
  type GenrePreferences,
  type GenrePreferencesOptions,
  type GenresOfItems,
  genrePreferences,
  mostFrequentGenres,
} from './probe/genre-preferences.js';
export { preferenceClasses, readPreferences, writePreferences } from './probe/preference-text.js';
export { type ProbeOptions, probeExamples, splitUsers } from './probe/probe-examples.js';
