/** The engine's thread: opens an engine and answers the main thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Progress } from '@palate/core';
import type { Answer, Engine, ExplainRequest, RecommendRequest } from '@palate/engine';
import { Batcher } from './batcher.js';
import { checkFitted, ENGINE_CALLS } from './engine-calls.js';
import { giveWay } from './give-way.js';
import { openServedEngine } from './open-served-engine.js';
import type { EngineSettings, FromEngine, ToEngine } from './protocol.js';
import { sentError } from './sent-error.js';
import { StoreInMain } from './store-in-main.js';

/** Requests that a model is asked for together. */
const LARGEST_BATCH = 32;

type Call = Extract<ToEngine, { kind: 'call' }>;

async function run(settings: EngineSettings): Promise<void> {
  if (settings.isBackground) giveWay();
  const port = parentPort;
  if (!port) throw new Error('the engine’s thread needs a main thread');
  const send = (message: FromEngine, transfer: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);
  const store = new StoreInMain(send);
  const closing = new AbortController();
  const running = new Map<number, AbortController>();
  let engine: Engine | undefined;
  let batcher: Batcher<RecommendRequest, Answer> | undefined;

  const answer = (id: number, value: unknown, batch?: number): void => {
    const json = new TextEncoder().encode(JSON.stringify(value));
    send({ kind: 'answer', id, json, batch }, [json.buffer]);
  };
  const handle = async ({ id, operation, argument }: Call, signal: AbortSignal): Promise<void> => {
    if (!engine || !batcher) throw new Error('the engine is not open');
    if (operation === 'recommend') {
      checkFitted(engine, argument as RecommendRequest);
      const { answer: given, batch } = await batcher.ask(argument as RecommendRequest, signal);
      return answer(id, given, batch);
    }
    if (operation === 'explainStream') {
      for await (const text of engine.explainStream(argument as ExplainRequest, { signal }))
        send({ kind: 'piece', id, text });
      return answer(id, null);
    }
    const call = ENGINE_CALLS[operation];
    if (!call) throw new Error(`no operation ${operation}`);
    const onProgress = (progress: Progress): void => send({ kind: 'progress', id, progress });
    // The host sends each operation its own argument (`ENGINE_CALLS`).
    answer(id, await call(engine, argument as never, { signal, onProgress }));
  };

  port.on('message', (message: ToEngine) => {
    if (message.kind === 'stored') store.receive(message);
    else if (message.kind === 'cancel') running.get(message.id)?.abort();
    else if (message.kind === 'close') {
      closing.abort();
      for (const each of running.values()) each.abort();
      void Promise.resolve(engine?.close()).finally(() => port.close());
    } else {
      const { id } = message;
      const controller = new AbortController();
      running.set(id, controller);
      handle(message, controller.signal)
        .catch((error: unknown) => send({ kind: 'error', id, error: sentError(error) }))
        .finally(() => running.delete(id));
    }
  });

  try {
    engine = await openServedEngine(settings, {
      openStore: async ({ name, fingerprint }) => {
        send({ kind: 'data', name, fingerprint });
        await store.opened();
        return store;
      },
      signal: closing.signal,
      onProgress: (progress) => send({ kind: 'progress', progress }),
      onNotice: (text) => send({ kind: 'notice', text }),
    });
    const opened = engine;
    batcher = new Batcher((requests) => opened.recommendBatch(requests), LARGEST_BATCH);
    send({ kind: 'opened' });
  } catch (error) {
    send({ kind: 'failed', error: sentError(error) });
    port.close();
  }
}

await run(workerData as EngineSettings);
