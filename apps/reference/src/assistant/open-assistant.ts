import { type Dataset, printable } from '@palate/core';
import { Listr } from 'listr2';
import { Assistant } from './assistant.js';
import { filmKnowledge } from './film-knowledge.js';
import { liveModel } from './live-model.js';
import { assistantModels, type Effort } from './models.js';

/** Options of {@link openAssistant}. */
export interface OpenAssistantOptions {
  readonly artifacts: string;
  readonly seed: number;
  /** Default `'full'`. */
  readonly effort?: Effort | undefined;
  readonly signal: AbortSignal;
  /** Never draw progress, even on a terminal. */
  readonly quiet?: boolean | undefined;
}

/** Brings the assistant up: reads or fits its models with progress on the error stream, and connects a live model. */
export async function openAssistant(dataset: Dataset, options: OpenAssistantOptions): Promise<Assistant> {
  const { artifacts, seed, signal, effort = 'full', quiet = false } = options;
  const live = await liveModel(artifacts);
  const knowledge = await filmKnowledge(dataset);
  let assistant: Assistant | undefined;
  let lastLine = 0;
  const isDrawn = !quiet && process.stderr.isTTY;
  await new Listr(
    [
      {
        title: 'models of the assistant',
        task: async (_, task) => {
          const models = await assistantModels(dataset, knowledge, {
            artifacts,
            seed,
            effort,
            signal,
            say: (what, progress) => {
              const share = progress?.total ? `${Math.floor((100 * progress.done) / progress.total)} %` : '';
              const left = progress?.secondsLeft;
              const line = printable(
                progress
                  ? `${what}: ${progress.phase} ${share}${left === undefined ? '' : `, ${Math.ceil(left)} s left`}`
                  : what,
              );
              if (isDrawn) task.title = line;
              else if (!quiet && (!progress || performance.now() - lastLine > 10_000)) {
                lastLine = performance.now();
                process.stderr.write(`${line}\n`);
              }
            },
          });
          assistant = new Assistant(dataset, knowledge, models, live);
          task.title = 'models of the assistant: ready';
        },
      },
    ],
    { registerSignalListeners: false, renderer: isDrawn ? 'default' : 'silent' },
  ).run();
  return assistant as Assistant;
}
