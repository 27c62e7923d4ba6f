export { type JsonRecord, readJsonLines } from './files/json-lines.js';
export { AMAZON_OPTIONS, type AmazonReviewsOptions, loadAmazonReviews } from './formats/amazon-reviews.js';
export {
  BOOK_CROSSING_OPTIONS,
  type BookCrossingOptions,
  GOODREADS_OPTIONS,
  type GoodreadsOptions,
  loadBookCrossing,
  loadGoodreads,
} from './formats/book-ratings.js';
export {
  KUAIREC_OPTIONS,
  type KuaiRecOptions,
  LAST_FM_OPTIONS,
  type LastFmOptions,
  loadKuaiRec,
  loadLastFm,
  loadYambda,
  YAMBDA_OPTIONS,
  type YambdaOptions,
} from './formats/media-logs.js';
export { loadMind, MIND_OPTIONS, type MindOptions } from './formats/mind.js';
export {
  loadMovieLens,
  loadMovieLens1m,
  loadMovieLens100k,
  loadMovieLensLatest,
} from './formats/movielens.js';
export { loadMovieTweetings } from './formats/movietweetings.js';
export { loadRecBole, RECBOLE_OPTIONS, type RecBoleOptions } from './formats/recbole.js';
export { loadS3RecSequences, S3_REC_OPTIONS, type S3RecOptions } from './formats/s3-rec.js';
export { loadSteam, STEAM_OPTIONS, type SteamOptions } from './formats/steam.js';
export type { ColumnDescription, ColumnType } from './importing/column-description.js';
export {
  DESCRIBE_OPTIONS,
  type DescribeOptions,
  describeTable,
  type TableDescription,
} from './importing/describe-table.js';
export { type ImportedDataset, importDataset } from './importing/import-dataset.js';
export type { ImportedEntities } from './importing/import-entities.js';
export {
  type EntityRoles,
  IMPORT_OPTIONS,
  IMPORT_SKIPS,
  type ImportOptions,
  type InteractionRoles,
} from './importing/import-options.js';
export type { UnderstoodTable } from './importing/understood-table.js';
export type { LargeLog, LargeSplit, UserSequence } from './large/large-log.js';
export {
  LARGE_LEAVE_ONE_OUT,
  LARGE_SPLIT_BY_TIME,
  LARGE_SPLIT_BY_USER,
  LARGE_SPLIT_PER_USER_TIME,
  LARGE_SPLIT_RANDOM,
} from './large/large-splits.js';
export { LARGE_LOG, type LargeLogOptions, openLargeLog } from './large/open-large-log.js';
export { checkDatasetFolder, isDatasetFolder, openDataset, saveDataset } from './saved/dataset-folder.js';
export { type FoundDataset, findDatasets } from './saved/find-datasets.js';
export {
  K_CORE,
  type KCoreOptions,
  kCore,
  keepFirst,
  minimumItemCount,
  ratingThreshold,
} from './splits/filters.js';
export { findLeaks, type LeakReport } from './splits/leaks.js';
export {
  LEAVE_ONE_OUT,
  type LeaveOneOutOptions,
  leaveOneOut,
  type SeededSplitOptions,
  SPLIT_BY_TIME,
  SPLIT_BY_USER,
  SPLIT_PER_USER_TIME,
  SPLIT_RANDOM,
  type Split,
  type SplitByTimeOptions,
  splitByTime,
  splitByUser,
  splitPerUserTime,
  splitRandom,
} from './splits/splits.js';
export { type Statistics, statistics } from './splits/statistics.js';
export type { SkipCause } from './tables/row-faults.js';
export { loadTable, TABLE_OPTIONS, type TableOptions } from './tables/table.js';
export type { ColumnName, TableColumns, TableFormat } from './tables/table-columns.js';
export { TIMESTAMP_UNITS, type TimeGranularity, type TimestampUnit } from './tables/times.js';
