export { openListTable } from './list-table.js';
export { openFeedbackStore } from './open-feedback-store.js';
export { openPalateDatabase, type PalateDatabase } from './palate-database.js';
export type { PostgresOptions } from './postgres-connection.js';
export type { SqlDatasets } from './sql-datasets.js';
export type { SqlFeedbackStore } from './sql-feedback-store.js';
export type { SqlVectorAddOptions, SqlVectorIndex, SqlVectorSearchOptions } from './sql-vector-index.js';
export { VECTOR_TABLE, type VectorAttributes, type VectorTableOptions } from './vector-options.js';
