import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { CancelledError, PalateError, type Progress } from '@palate/core';

/** A long call of the server, as clients see it. */
export interface JobView {
  readonly id: string;
  readonly kind: 'prepare' | 'fit' | 'refit' | 'knowledge' | 'queue';
  readonly title: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly progress?: {
    readonly done: number;
    readonly total?: number | undefined;
    readonly message?: string;
  };
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** Tokens that all runs of the store of texts have cost, and their price where the run knew it. */
  readonly spent?: { readonly inputTokens: number; readonly outputTokens: number; readonly cost?: number };
  /** Failures of the run by cause, the most frequent first. */
  readonly failures?: readonly { readonly code: string; readonly count: number; readonly example: string }[];
}

/** How a job's work learns of its cancellation and reports its progress. */
export interface JobContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

interface Held {
  view: JobView;
  /** Left out of jobs that other processes run. */
  readonly controller?: AbortController;
  readonly done?: Promise<void>;
}

/** Ended jobs that are remembered. */
const MOST_ENDED = 100;

/** Jobs that run, and ran, in the background. */
export class Jobs {
  readonly #jobs = new Map<string, Held>();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  /** Jobs, the newest first. */
  get list(): readonly JobView[] {
    return [...this.#jobs.values()].map(({ view }) => view).reverse();
  }

  get(id: string): JobView | undefined {
    return this.#jobs.get(id)?.view;
  }

  /** A job of a kind and title that runs now. */
  running(kind: JobView['kind'], title?: string): JobView | undefined {
    return this.list.find(
      (job) => job.kind === kind && job.state === 'running' && (title === undefined || job.title === title),
    );
  }

  /** Begins a job; its failure is kept with it, and thrown nowhere. */
  start(kind: JobView['kind'], title: string, work: (context: JobContext) => Promise<unknown>): JobView {
    const id = randomUUID();
    const controller = new AbortController();
    const view: JobView = { id, kind, title, state: 'running', startedAt: Date.now() };
    const onProgress = (progress: Progress): void => this.#change(id, progressOf(progress));
    const done = Promise.resolve()
      .then(() => work({ signal: controller.signal, onProgress }))
      .then(
        () => this.#change(id, { state: 'done', endedAt: Date.now() }),
        (error: unknown) => this.#change(id, endOf(error)),
      );
    this.#jobs.set(id, { view, controller, done });
    this.#forget();
    return view;
  }

  /** Shows a job that another process runs, as it is now. */
  show(view: JobView): void {
    const before = this.#jobs.get(view.id)?.view;
    if (before && JSON.stringify(before) === JSON.stringify(view)) return;
    this.#jobs.set(view.id, { view });
    this.#changes.emit(view.id);
    this.#forget();
  }

  /** Progress of work that a job began without knowing: it goes to the newest job that runs here. */
  tell(progress: Progress): void {
    const job = this.#own.findLast(({ view }) => view.state === 'running');
    if (job) this.#change(job.view.id, progressOf(progress));
  }

  /** Jobs of this process, the oldest first. */
  get #own(): Held[] {
    return [...this.#jobs.values()].filter(({ controller }) => controller);
  }

  /**
   * Stops a job, and waits until it has stopped.
   *
   * @throws PalateError of code `not-cancellable` if another process runs it
   */
  async cancel(id: string): Promise<JobView | undefined> {
    const job = this.#jobs.get(id);
    if (job && !job.controller && job.view.state === 'running')
      throw new PalateError('not-cancellable', {
        expected: 'a job that this server runs',
        received: 'one that `palate knowledge run` runs in a process of its own',
        hint: 'Interrupt that process: its stored work is kept, and the next run continues it.',
      });
    job?.controller?.abort(new CancelledError('the job'));
    await job?.done;
    return job?.view;
  }

  /** Stops all that runs here. */
  async close(): Promise<void> {
    await Promise.all(this.#own.map(({ view }) => this.cancel(view.id)));
  }

  /** A job at each change, and last as it ended; ends at once where it has. */
  async *follow(id: string, signal: AbortSignal): AsyncGenerator<JobView> {
    let shown: JobView | undefined;
    while (!signal.aborted) {
      const view = this.get(id);
      if (!view) return;
      if (view !== shown) {
        shown = view;
        yield view;
        continue;
      }
      if (view.state !== 'running') return;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#changes.off(id, wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#changes.once(id, wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  #change(id: string, change: Partial<JobView>): void {
    const job = this.#jobs.get(id);
    if (job?.view.state !== 'running') return;
    job.view = { ...job.view, ...change };
    this.#changes.emit(id);
  }

  #forget(): void {
    const ended = [...this.#jobs].filter(([, { view }]) => view.state !== 'running');
    for (const [id] of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) this.#jobs.delete(id);
  }
}

function progressOf({ phase, done, total }: Progress): Partial<JobView> {
  return { progress: { done, total, message: phase } };
}

function endOf(error: unknown): Partial<JobView> {
  const endedAt = Date.now();
  if (!PalateError.is(error))
    return {
      state: 'failed',
      endedAt,
      error: { code: 'internal', message: error instanceof Error ? error.message : String(error) },
    };
  const { code, message, hint } = error;
  return { state: code === 'cancelled' ? 'cancelled' : 'failed', endedAt, error: { code, message, hint } };
}
