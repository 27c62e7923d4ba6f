export { AMAZON_OPTIONS, type AmazonReviewsOptions, loadAmazonReviews } from './amazon-reviews.js';
export {
  BOOK_CROSSING_OPTIONS,
  type BookCrossingOptions,
  GOODREADS_OPTIONS,
  type GoodreadsOptions,
  loadBookCrossing,
  loadGoodreads,
} from './book-ratings.js';
export type { ColumnDescription, ColumnType } from './column-description.js';
export { checkDatasetFolder, isDatasetFolder, openDataset, saveDataset } from './dataset-folder.js';
export {
  DESCRIBE_OPTIONS,
  type DescribeOptions,
  describeTable,
  type TableDescription,
} from './describe-table.js';
export { K_CORE, type KCoreOptions, kCore, keepFirst, minimumItemCount, ratingThreshold } from './filters.js';
export { type FoundDataset, findDatasets } from './find-datasets.js';
export { type ImportedDataset, importDataset } from './import-dataset.js';
export type { ImportedEntities } from './import-entities.js';
export {
  type EntityRoles,
  IMPORT_OPTIONS,
  IMPORT_SKIPS,
  type ImportOptions,
  type InteractionRoles,
} from './import-options.js';
export { type JsonRecord, readJsonLines } from './json-lines.js';
export type { LargeLog, LargeSplit, UserSequence } from './large/large-log.js';
export {
  LARGE_LEAVE_ONE_OUT,
  LARGE_SPLIT_BY_TIME,
  LARGE_SPLIT_BY_USER,
  LARGE_SPLIT_PER_USER_TIME,
  LARGE_SPLIT_RANDOM,
} from './large/large-splits.js';
export { LARGE_LOG, type LargeLogOptions, openLargeLog } from './large/open-large-log.js';
export { findLeaks, type LeakReport } from './leaks.js';
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
} from './media-logs.js';
export { loadMind, MIND_OPTIONS, type MindOptions } from './mind.js';
export { loadMovieLens, loadMovieLens1m, loadMovieLens100k, loadMovieLensLatest } from './movielens.js';
export { loadMovieTweetings } from './movietweetings.js';
export { loadRecBole, RECBOLE_OPTIONS, type RecBoleOptions } from './recbole.js';
export type { SkipCause } from './row-faults.js';
export { loadS3RecSequences, S3_REC_OPTIONS, type S3RecOptions } from './s3-rec.js';
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
} from './splits.js';
export { type Statistics, statistics } from './statistics.js';
export { loadSteam, STEAM_OPTIONS, type SteamOptions } from './steam.js';
export { loadTable, TABLE_OPTIONS, type TableOptions } from './table.js';
export type { ColumnName, TableColumns, TableFormat } from './table-columns.js';
export { TIMESTAMP_UNITS, type TimeGranularity, type TimestampUnit } from './times.js';
export type { UnderstoodTable } from './understood-table.js';
