import { PalateError } from '@palate/core';
import type { Logger } from 'pino';
import {
  EngineHost,
  type EngineHostOptions,
  type HostAnswer,
  type HostCallOptions,
} from './host/engine-host.js';
import type { EngineSettings, Operation } from './host/protocol.js';
import type { EngineCaller } from './http/app-parts.js';

/** Milliseconds before the thread is started again, at first and at most. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

/** An engine whose thread is started again where it ends by itself. */
export class LastingEngine implements EngineCaller {
  readonly #settings: EngineSettings;
  readonly #options: EngineHostOptions;
  readonly #onOpen: (host: EngineHost) => void;
  readonly #log: Logger;
  #host: EngineHost | undefined;
  #pause = FIRST_PAUSE;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * Makes the engine; nothing is started yet.
   *
   * @param onOpen - called whenever a thread is open, to prepare its models
   */
  constructor(
    settings: EngineSettings,
    options: EngineHostOptions,
    onOpen: (host: EngineHost) => void,
    log: Logger,
  ) {
    this.#settings = settings;
    this.#options = options;
    this.#onOpen = onOpen;
    this.#log = log;
  }

  /** Requests that are not answered yet. */
  get pending(): number {
    return this.#host?.pending ?? 0;
  }

  /** Starts the thread; its failure is thrown, since it would fail again. */
  async start(): Promise<void> {
    const host = await EngineHost.start(this.#settings, {
      ...this.#options,
      onEnd: (cause) => {
        this.#host = undefined;
        this.#options.onEnd?.(cause);
        this.#again(cause);
      },
    });
    if (this.#isClosed) return host.close();
    this.#host = host;
    this.#pause = FIRST_PAUSE;
    this.#onOpen(host);
  }

  call(operation: Operation, argument?: unknown, options?: HostCallOptions): Promise<HostAnswer> {
    if (this.#host) return this.#host.call(operation, argument, options);
    return Promise.reject(
      new PalateError('not-ready', {
        expected: 'an engine that is open',
        received: 'one that is being opened',
        hint: 'Ask again in a moment.',
        isRetryable: true,
      }),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#host?.close();
  }

  #again(cause: unknown): void {
    if (this.#isClosed) return;
    this.#log.error({ err: cause }, `the engine's thread ended; it starts again in ${this.#pause} ms`);
    this.#timer = setTimeout(() => {
      this.start().catch((error: unknown) => this.#again(error));
    }, this.#pause);
    this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause);
  }
}
