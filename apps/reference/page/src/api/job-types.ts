// The server's reports on its jobs.
export type { JobView } from '../../../src/server/jobs.js';
