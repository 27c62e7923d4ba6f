import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive, PalateError, type Progress, writeFileAtomically } from '@palate/core';
import type { TokenPrice } from '@palate/llm';
import { RUN } from './store-folder.js';

/** Milliseconds between two writes of the record. */
const EVERY = 500;

/** The newest run of a store of texts: what it does, how far it is, and how it ended. */
export interface KnowledgeRun {
  readonly id: string;
  readonly kinds: readonly string[];
  readonly model: string;
  /** Round of its questions to workers: that of the run before, where that one did not end well. */
  readonly round?: string | undefined;
  readonly price?: TokenPrice | undefined;
  /** Machine and process that ran it. */
  readonly host: string;
  readonly pid: number;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  readonly progress?: { readonly kind: string; readonly done: number; readonly total: number } | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

/** Keeps the record of a run in the folder of its store, so that others see it, a server for one. */
export class RunRecord {
  readonly #folder: string;
  #run: KnowledgeRun;
  #written = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, run: KnowledgeRun) {
    this.#folder = folder;
    this.#run = run;
  }

  /** Begins the record of a run; it takes the place of that of the run before. */
  static async begin(
    folder: string,
    about: Pick<KnowledgeRun, 'kinds' | 'model' | 'price'>,
  ): Promise<RunRecord> {
    const before = await newestRun(folder);
    const goesOn = before !== undefined && before.state !== 'done' && before.model === about.model;
    const id = randomUUID();
    const record = new RunRecord(folder, {
      ...about,
      id,
      round: (goesOn ? before.round : undefined) ?? id,
      host: hostname(),
      pid: process.pid,
      state: 'running',
      startedAt: Date.now(),
    });
    await mkdir(folder, { recursive: true });
    await record.#write({});
    return record;
  }

  /** Round of its questions to workers. */
  get round(): string {
    return this.#run.round ?? this.#run.id;
  }

  /** Notes how far a kind of texts is, a few times a second at most. */
  progress(kind: string, { done, total = 0 }: Progress): void {
    const isFirst = this.#run.progress === undefined;
    this.#run = { ...this.#run, progress: { kind, done, total } };
    if (isFirst || Date.now() - this.#written >= EVERY) void this.#write({}).catch(() => undefined);
  }

  /** Notes the end; of a failure its code and words. */
  async end(error?: unknown): Promise<void> {
    const isCancelled = PalateError.is(error) && error.code === 'cancelled';
    await this.#write({
      endedAt: Date.now(),
      state: error === undefined ? 'done' : isCancelled ? 'cancelled' : 'failed',
      ...(error === undefined
        ? {}
        : {
            error: {
              code: PalateError.is(error) ? error.code : 'internal',
              message: error instanceof Error ? error.message : String(error),
            },
          }),
    });
  }

  #write(change: Partial<KnowledgeRun>): Promise<void> {
    this.#run = { ...this.#run, ...change };
    this.#written = Date.now();
    const text = JSON.stringify(this.#run);
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(() => writeFileAtomically(join(this.#folder, RUN), text));
    return this.#writing;
  }
}

/** The newest run of a store; one whose process is gone without a word has failed. Undefined where none was recorded. */
export async function newestRun(folder: string): Promise<KnowledgeRun | undefined> {
  const text = await readFile(join(folder, RUN), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let run: KnowledgeRun;
  try {
    run = JSON.parse(text) as KnowledgeRun;
  } catch {
    // Another program wrote it: nothing is known of the run.
    return undefined;
  }
  if (run.state !== 'running' || run.host !== hostname() || isAlive(run.pid)) return run;
  return {
    ...run,
    state: 'failed',
    error: { code: 'killed', message: 'Its process ended unexpectedly; what it stored is kept.' },
  };
}
