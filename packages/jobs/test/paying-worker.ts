// A worker that a test kills: URL of Redis.
import { startWorker } from '../src/index.js';
import { PAYING } from './paying-job.js';

await startWorker({ url: process.argv[2] ?? '', jobs: [PAYING], concurrency: 3, lease: 0.4 });
process.stdout.write('ready\n');
