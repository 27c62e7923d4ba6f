import { once } from 'node:events';
import type { CommandContext } from '@palate/command-line';
import { InvalidInputError } from '@palate/core';
import { answerJob, startWorker } from '@palate/jobs';
import { namedModel } from '../engine/live-model.js';
import { encodeTexts } from '../jobs/encode-texts.js';
import { EVALUATE_CELL } from '../jobs/evaluate-cell.js';
import { SCORE_SHARE } from '../jobs/score-share.js';
import { withWorkers } from '../jobs/with-queue.js';

interface QueueOptions {
  readonly queue?: string | undefined;
}

/** Options of `palate worker`. */
export interface WorkerCommandOptions extends QueueOptions {
  readonly concurrency: number;
  readonly lease: number;
  readonly maxTokens?: number | undefined;
  readonly callsPerSecond?: number | undefined;
}

/** The address of the queue. */
function queueUrl({ queue = process.env.REDIS_URL }: QueueOptions): string {
  if (queue !== undefined && queue !== '') return queue;
  throw new InvalidInputError({
    expected: 'the address of a Redis server in --queue or REDIS_URL',
    received: 'none',
    hint: 'Give redis://localhost:6379, where `redis-server --appendonly yes` listens.',
  });
}

/**
 * `palate worker`: does the jobs of other commands until asked to terminate; finishes a job under way first. It asks the language
 * model that `PALATE_LLM` names.
 */
export async function workerCommand(
  options: WorkerCommandOptions,
  { signal, print }: CommandContext,
): Promise<void> {
  const { concurrency, lease, maxTokens, callsPerSecond } = options;
  const named = await namedModel();
  const worker = await startWorker({
    url: queueUrl(options),
    jobs: [
      SCORE_SHARE,
      EVALUATE_CELL,
      encodeTexts('full'),
      encodeTexts('quick'),
      ...(named ? [answerJob(named.model)] : []),
    ],
    concurrency,
    lease,
    budget: maxTokens,
    callsPerSecond,
  });
  print('ready');
  if (!signal.aborted) await once(signal, 'abort');
  await worker.close();
}

/** `palate jobs`: the state of the queue. */
export async function jobsCommand(options: QueueOptions, context: CommandContext): Promise<void> {
  const counts = await withWorkers(queueUrl(options), (queue) => queue.counts());
  if (context.json) return context.printJson(counts);
  const { waiting, running, done, failed } = counts;
  context.print(`${waiting} waiting, ${running} running, ${done} done`);
  for (const [code, { count, example }] of Object.entries(failed))
    context.print(`${count} failed, ${code}: ${example}`);
}
