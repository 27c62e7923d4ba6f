import { type Progress, printable } from '@palate/core';
import { Listr } from 'listr2';
import type { CommandContext } from './run-command.js';

/** Listener to a long work while it goes on. */
export interface ProgressReporter {
  readonly onProgress: (progress: Progress) => void;
  /** A remark that is worth a line of its own in a log. */
  readonly onNotice: (notice: string) => void;
}

/** Options of {@link withProgress}. */
export interface WorkOptions {
  /** True where the work itself writes to the terminal: progress is then told in lines, and not drawn. Default false. */
  readonly writes?: boolean | undefined;
}

/** Milliseconds between two lines of progress where nobody asked for all of them. */
const BETWEEN_LINES = 10_000;

/**
 * Does a long work and shows how far it is: drawn on a terminal, as a line now and then elsewhere, each step as a line
 * with `--progress`, and nothing for a program that reads JSON.
 */
export async function withProgress<T>(
  title: string,
  { json, progress: lines }: Pick<CommandContext, 'json' | 'progress'>,
  work: (report: ProgressReporter) => Promise<T>,
  { writes = false }: WorkOptions = {},
): Promise<T> {
  const isDrawn = !json && !lines && !writes && process.stderr.isTTY === true;
  const results: T[] = [];
  let last = performance.now();
  const tasks = new Listr(
    [
      {
        title: printable(title),
        task: async (_, task) => {
          const write = (text: string): void => {
            process.stderr.write(`${printable(text)}\n`);
          };
          results.push(
            await work({
              onProgress: (progress) => {
                const text = `${title}: ${inWords(progress)}`;
                if (isDrawn) task.title = printable(text);
                else if (lines) write(text);
                else if (!json && performance.now() - last > BETWEEN_LINES) {
                  last = performance.now();
                  write(text);
                }
              },
              onNotice: (notice) => {
                if (isDrawn) task.title = printable(`${title}: ${notice}`);
                else if (!json || lines) write(notice);
              },
            }),
          );
          task.title = printable(title);
        },
      },
    ],
    { exitOnError: true, registerSignalListeners: false, renderer: isDrawn ? 'default' : 'silent' },
  );
  await tasks.run();
  return results[0] as T;
}

function inWords({ phase, done, total, secondsLeft }: Progress): string {
  const share = total ? ` ${done} of ${total} (${Math.floor((100 * done) / total)} %)` : ` ${done}`;
  return `${phase}${share}${secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`}`;
}
