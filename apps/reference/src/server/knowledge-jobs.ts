import { join } from 'node:path';
import type { KnowledgeFailure } from '@palate/knowledge-augment';
import { fileStamp } from '../file-stamp.js';
import { causesOf } from '../knowledge/recorded-failures.js';
import { newestRun } from '../knowledge/run-record.js';
import { FAILURES, RUN, SPENDING } from '../knowledge/store-folder.js';
import { costOf } from '../knowledge/token-cost.js';
import { AppendedLines } from './appended-lines.js';
import type { JobView } from './jobs.js';

type Failure = Pick<KnowledgeFailure, 'code' | 'message' | 'at'>;

/**
 * Sees the runs of `palate knowledge` on a store by what they keep in its folder, whichever process runs them. Ledgers are read
 * as they grow.
 */
export class KnowledgeJobs {
  readonly #folder: string;
  readonly #spending: AppendedLines;
  readonly #failures: AppendedLines;
  #spent = { inputTokens: 0, outputTokens: 0 };
  #failed: Failure[] = [];
  #known: { readonly stamp: string; readonly view: JobView | undefined } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.#spending = new AppendedLines(join(folder, SPENDING));
    this.#failures = new AppendedLines(join(folder, FAILURES));
  }

  /** The newest run as a job; undefined where there was none. */
  async newest(): Promise<JobView | undefined> {
    const stamps = await Promise.all(
      [RUN, SPENDING, FAILURES].map((name) => fileStamp(join(this.#folder, name))),
    );
    const stamp = stamps.join();
    // A run that goes on may also end without a word.
    if (this.#known?.stamp === stamp && this.#known.view?.state !== 'running') return this.#known.view;
    const view = await this.#read();
    this.#known = { stamp, view };
    return view;
  }

  async #read(): Promise<JobView | undefined> {
    const run = await newestRun(this.#folder);
    if (!run) return undefined;
    const { id, kinds, model, state, startedAt, endedAt, progress, error, price } = run;
    await this.#readLedgers();
    const spent = this.#spent;
    // Times are kept in seconds, of one clock.
    const failures = causesOf(this.#failed.filter(({ at }) => at >= Math.floor(startedAt / 1000)));
    return {
      id: `knowledge-${id}`,
      kind: 'knowledge',
      title: `Texts (${kinds.join(', ')}) by ${model}`,
      state,
      startedAt,
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(progress
        ? { progress: { done: progress.done, total: progress.total, message: progress.kind } }
        : {}),
      ...(error ? { error } : {}),
      spent: {
        ...spent,
        ...(price ? { cost: costOf(spent, price) } : {}),
      },
      failures,
    };
  }

  async #readLedgers(): Promise<void> {
    const spent = await this.#spending.fresh(() => {
      this.#spent = { inputTokens: 0, outputTokens: 0 };
    });
    for (const line of spent) {
      const { inputTokens, outputTokens } = parsed(line);
      this.#spent = {
        inputTokens: this.#spent.inputTokens + (Number(inputTokens) || 0),
        outputTokens: this.#spent.outputTokens + (Number(outputTokens) || 0),
      };
    }
    const failed = await this.#failures.fresh(() => {
      this.#failed = [];
    });
    for (const line of failed) {
      const { code, message, at } = parsed(line);
      if (typeof code === 'string' && typeof message === 'string' && typeof at === 'number')
        this.#failed.push({ code, message, at });
    }
  }
}

/** The object of a line; an empty one of a line that a killed process left cut. */
function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
