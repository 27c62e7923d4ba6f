import { Worker } from 'node:worker_threads';
import { CancelledError, type FeedbackStore, PalateError, type Progress } from '@palate/core';
import type { EngineSettings, FromEngine, Operation, StoreCall, ToEngine } from './protocol.js';
import { STORE_PAGE } from './protocol.js';
import { receivedError, sentError } from './sent-error.js';

/** The bytes of an answer's JSON, and how many requests the models answered together with it. */
export interface HostAnswer {
  readonly json: Uint8Array<ArrayBuffer>;
  readonly batch: number;
}

/** Options of a call. */
export interface HostCallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly onPiece?: ((text: string) => void) | undefined;
}

/** Options of {@link EngineHost.start}. */
export interface EngineHostOptions {
  /** Opens the store of the feedback once the data are known, or gives the one that is open. */
  readonly openStore: (data: {
    readonly name: string;
    readonly fingerprint: string;
  }) => Promise<FeedbackStore>;
  /** Progress of fits that no call asked for alone. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Told once if the thread ends by itself. */
  readonly onEnd?: ((cause: unknown) => void) | undefined;
}

interface Call extends HostCallOptions {
  readonly resolve: (answer: HostAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An engine in a thread of its own, so that computing holds up no connection. Feedback is stored in this thread, durably,
 * before the engine hears that it is.
 */
export class EngineHost {
  readonly #worker: Worker;
  readonly #options: EngineHostOptions;
  readonly #calls = new Map<number, Call>();
  #last = 0;
  #store: Promise<FeedbackStore> | undefined;
  #ended: unknown;
  #isClosing = false;

  private constructor(settings: EngineSettings, options: EngineHostOptions) {
    this.#options = options;
    this.#worker = startWorker(settings);
  }

  /**
   * Starts the thread and waits until its engine is open; models are not fitted yet.
   *
   * @throws PalateError for data or settings that cannot be used
   */
  static async start(settings: EngineSettings, options: EngineHostOptions): Promise<EngineHost> {
    const host = new EngineHost(settings, options);
    await new Promise<void>((resolve, reject) => {
      host.#worker.on('message', (message: FromEngine) => {
        if (message.kind === 'opened') resolve();
        else if (message.kind === 'failed') reject(receivedError(message.error));
        else host.#receive(message);
      });
      host.#worker.on('error', (cause) => {
        host.#end(cause);
        reject(cause);
      });
      host.#worker.on('exit', (code) => {
        const cause = new Error(`the engine’s thread ended with ${code}`);
        host.#end(cause);
        reject(cause);
      });
    }).catch(async (error: unknown) => {
      await host.close();
      throw error;
    });
    return host;
  }

  /** Calls that are not answered yet. */
  get pending(): number {
    return this.#calls.size;
  }

  /**
   * Asks the engine.
   *
   * @throws PalateError as the engine throws it; `engine-stopped` if its thread ends
   */
  call(operation: Operation, argument?: unknown, options: HostCallOptions = {}): Promise<HostAnswer> {
    if (this.#ended !== undefined || this.#isClosing) return Promise.reject(stopped(this.#ended));
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(new CancelledError(operation, signal.reason));
    const id = ++this.#last;
    return new Promise<HostAnswer>((resolve, reject) => {
      const cancel = (): void => this.#send({ kind: 'cancel', id });
      const settle = (): void => {
        this.#calls.delete(id);
        signal?.removeEventListener('abort', cancel);
      };
      this.#calls.set(id, {
        ...options,
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener('abort', cancel, { once: true });
      this.#send({ kind: 'call', id, operation, argument });
    });
  }

  /** Closes the engine and its thread; whoever opened the store closes it. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#ended !== undefined) return;
    this.#send({ kind: 'close' });
    await new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
  }

  #send(message: ToEngine): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromEngine): void {
    switch (message.kind) {
      case 'answer':
        this.#calls.get(message.id)?.resolve({
          json: message.json as Uint8Array<ArrayBuffer>,
          batch: message.batch ?? 1,
        });
        return;
      case 'error':
        this.#calls.get(message.id)?.reject(receivedError(message.error));
        return;
      case 'piece':
        this.#calls.get(message.id)?.onPiece?.(message.text);
        return;
      case 'progress': {
        const told = message.id === undefined ? this.#options : this.#calls.get(message.id);
        told?.onProgress?.(message.progress);
        return;
      }
      case 'notice':
        this.#options.onNotice?.(message.text);
        return;
      case 'data': {
        this.#store = this.#options.openStore(message);
        // The first read or write reports the failure.
        this.#store.catch(() => undefined);
        return;
      }
      case 'store': {
        const { id } = message;
        this.#stored(message.call).then(
          (stored) => this.#send({ kind: 'stored', id, ...stored }),
          (error: unknown) => this.#send({ kind: 'stored', id, error: sentError(error) }),
        );
        return;
      }
      default:
    }
  }

  async #stored(call: StoreCall): Promise<Omit<Extract<ToEngine, { kind: 'stored' }>, 'kind' | 'id'>> {
    const store = await this.#store;
    if (!store) throw new Error('the engine asked for feedback before it announced its data');
    const { items } = store;
    switch (call.operation) {
      case 'append':
        return store.append(call.records);
      case 'read':
        return { page: await pageOf(store.read(call.after)) };
      case 'hasItems':
        return { hasItems: items !== undefined };
      case 'appendItems':
        await items?.append(call.items);
        return {};
      case 'readItems':
        return { items: items ? await pageOf(items.read(call.after)) : [] };
      default:
        return call satisfies never;
    }
  }

  #end(cause: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = cause;
    for (const { reject } of [...this.#calls.values()]) reject(stopped(cause));
    if (!this.#isClosing) this.#options.onEnd?.(cause);
  }
}

/** The first of what a store gives, a page at most. */
async function pageOf<T>(records: AsyncIterable<T>): Promise<T[]> {
  const page: T[] = [];
  for await (const record of records) {
    page.push(record);
    if (page.length === STORE_PAGE) break;
  }
  return page;
}

/** Starts the thread from the build, or from the sources where this file is one: a thread does not inherit their loader. */
function startWorker(workerData: EngineSettings): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./engine-worker.js', import.meta.url), { workerData });
  const sources = new URL('./engine-worker.ts', import.meta.url).href;
  const loader = import.meta.resolve('tsx/esm/api');
  return new Worker(
    `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(sources)}); })`,
    { workerData, eval: true },
  );
}

function stopped(cause: unknown): PalateError {
  return new PalateError('engine-stopped', {
    expected: 'an engine that answers',
    received:
      cause instanceof Error ? (cause.message.split('\n')[0] ?? 'one that ended') : 'one that is closing',
    hint: 'Ask again in a moment.',
    cause,
    isRetryable: true,
  });
}
