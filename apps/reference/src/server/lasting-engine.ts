import { CancelledError, orCancelled, PalateError } from '@palate/core';
import type { ModelEntry } from '@palate/engine';
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

/** Milliseconds that a replaced thread has to answer calls under way. */
const LAST_ANSWERS = 150_000;

/** How often the map is made anew where items come while it is made; then the thread that answers makes it. */
const MAP_TRIES = 3;

/** Operations that change what later answers go by. */
const WRITES: ReadonlySet<Operation> = new Set(['feedback', 'addItems']);

/**
 * An engine whose thread is started again where it ends by itself. Fits are computed by a second thread, which gives way to the
 * one that answers; once they are kept, a fresh thread reads them and takes the place of the old one between two calls.
 */
export class LastingEngine implements EngineCaller {
  readonly #settings: EngineSettings;
  readonly #options: EngineHostOptions;
  readonly #onOpen: (host: EngineHost) => void;
  readonly #log: Logger;
  #host: EngineHost | undefined;
  /** Threads that fit, or answer what they were asked before another took their place. */
  readonly #others = new Set<EngineHost>();
  readonly #writing = new Set<Promise<unknown>>();
  /** The map that is being made, for all who ask meanwhile. */
  #mapping: Promise<unknown> | undefined;
  /** Resolves when writes may go on. */
  #gate: Promise<void> | undefined;
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
    return [this.#host, ...this.#others].reduce((sum, host) => sum + (host?.pending ?? 0), 0);
  }

  /** Starts the thread; its failure is thrown, since it would fail again. */
  async start(): Promise<void> {
    const host = await this.#open();
    // Meanwhile a refit may have brought another.
    if (this.#isClosed || this.#host) return host.close();
    this.#host = host;
    this.#pause = FIRST_PAUSE;
    this.#onOpen(host);
  }

  /** Opens a thread that may answer, once it is the host. */
  async #open(): Promise<EngineHost> {
    let opened: EngineHost | undefined;
    opened = await EngineHost.start(this.#settings, {
      ...this.#options,
      onEnd: (cause) => {
        if (opened === undefined || this.#host !== opened) return;
        this.#host = undefined;
        this.#options.onEnd?.(cause);
        this.#again(cause);
      },
    });
    return opened;
  }

  async call(operation: Operation, argument?: unknown, options?: HostCallOptions): Promise<HostAnswer> {
    if (operation === 'map') await this.#makeMap(options?.signal);
    if (!WRITES.has(operation)) return this.#answering().call(operation, argument, options);
    await this.#gate;
    const written = this.#answering().call(operation, argument, options);
    this.#writing.add(written);
    try {
      return await written;
    } finally {
      this.#writing.delete(written);
    }
  }

  #answering(): EngineHost {
    if (this.#host) return this.#host;
    throw new PalateError('not-ready', {
      expected: 'an engine that is open',
      received: 'one that is being opened',
      hint: 'Ask again in a moment.',
      isRetryable: true,
    });
  }

  /** Sees to it that the map is kept, made by a thread beside the one that answers, which then only reads it. */
  async #makeMap(signal: AbortSignal | undefined): Promise<void> {
    for (let tries = 0; tries < MAP_TRIES; tries++) {
      if (await ask<boolean>(this.#answering(), 'hasMap', { signal })) return;
      this.#mapping ??= this.#beside((host) => host.call('map')).finally(() => {
        this.#mapping = undefined;
      });
      await orCancelled(this.#mapping, signal, 'waiting for the map');
    }
  }

  /** Fits a system in a thread beside the one that answers, which then reads it. */
  async fit(system: string, options: HostCallOptions = {}): Promise<void> {
    await this.#beside((host) => host.call('fit', system, options));
    await this.call('fit', system, options);
  }

  /**
   * Fits all models again on the data and all feedback in a thread beside the one that answers; then a fresh thread reads them,
   * takes in what came meanwhile and answers from then on. What was asked before is answered by the old one, which then ends.
   */
  async refit(options: HostCallOptions = {}): Promise<void> {
    const kept = await ask<readonly ModelEntry[]>(this.#answering(), 'models');
    const models = kept.map(({ method, settings }) => ({ method, settings }));
    await this.#beside((host) => host.call('refit', models, options));
    const next = await this.#open();
    try {
      await next.call('prepare', models);
      await this.#takePlace(next);
    } catch (error) {
      await next.close();
      throw error;
    }
    const folders = kept.flatMap(({ dir }) => (dir === undefined ? [] : [dir]));
    await next.call('removeModels', folders).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'models from before the refit are still kept');
    });
  }

  /** Lets a thread answer in place of the one before, between two writes. */
  async #takePlace(next: EngineHost): Promise<void> {
    let open: () => void = () => undefined;
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    try {
      await Promise.allSettled(this.#writing);
      await next.call('catchUp');
      if (this.#isClosed) throw new CancelledError('the refit', new Error('the server ends'));
      clearTimeout(this.#timer);
      const before = this.#host;
      this.#host = next;
      if (before) void this.#retire(before);
      // Where nothing answered, the waiting callers get the error.
      else this.#onOpen(next);
    } finally {
      this.#gate = undefined;
      open();
    }
  }

  /** Ends a thread once it has answered what it was asked. */
  async #retire(host: EngineHost): Promise<void> {
    this.#others.add(host);
    const latest = Date.now() + LAST_ANSWERS;
    while (host.pending > 0 && Date.now() < latest && !this.#isClosed)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await host.close();
    this.#others.delete(host);
  }

  /** Runs a call in a thread of its own, which computes only where the one that answers leaves room. */
  async #beside(use: (host: EngineHost) => Promise<unknown>): Promise<void> {
    const host = await EngineHost.start(
      { ...this.#settings, isBackground: true },
      { ...this.#options, onEnd: undefined },
    );
    this.#others.add(host);
    try {
      await use(host);
    } finally {
      this.#others.delete(host);
      await host.close();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await Promise.all([this.#host, ...this.#others].map((host) => host?.close()));
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

/** Asks a thread for what is read here, and not sent on. */
async function ask<T>(host: EngineHost, operation: Operation, options?: HostCallOptions): Promise<T> {
  const { json } = await host.call(operation, undefined, options);
  return JSON.parse(new TextDecoder().decode(json)) as T;
}
