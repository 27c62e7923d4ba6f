export { openListTable } from './list-table.js';
export { openFeedbackStore } from './open-feedback-store.js';
export type { PostgresOptions } from './postgres-connection.js';
export type { SqlFeedbackStore } from './sql-feedback-store.js';
