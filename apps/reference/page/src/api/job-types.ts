// What the server tells of its jobs.
export type { JobView } from '../../../src/server/jobs.js';
