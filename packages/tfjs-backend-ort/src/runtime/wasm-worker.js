/**
 * Serves sessions of onnxruntime-web to the thread that started it, which waits for each answer. Plain JavaScript, so
 * that it runs from the sources as well.
 *
 * An answer is posted first, then the counter of answers is raised, which wakes the waiting thread.
 */
import { workerData } from 'node:worker_threads';

/** @type {import('node:worker_threads').MessagePort} */
const port = workerData.port;
const state = new Int32Array(workerData.state);
const ANSWERS = 0;
const ENDED = 1;

/** @type {typeof import('onnxruntime-common') | undefined} */
let ort;
/** @type {Map<number, import('onnxruntime-common').InferenceSession>} */
const sessions = new Map();
let created = 0;

function wake() {
  Atomics.add(state, ANSWERS, 1);
  Atomics.notify(state, ANSWERS);
}

async function runtime() {
  if (!ort) {
    ort = /** @type {typeof import('onnxruntime-common')} */ (await import('onnxruntime-web'));
    ort.env.logLevel = 'fatal';
    ort.env.wasm.numThreads = 1;
  }
  return ort;
}

/**
 * @param {import('./wasm-engine.js').WasmRequest} request
 * @returns {Promise<import('./wasm-engine.js').WasmAnswer>}
 */
async function answerTo(request) {
  if (request.ask === 'end') process.exit();
  const { InferenceSession, Tensor } = await runtime();
  switch (request.ask) {
    case 'create': {
      const session = await InferenceSession.create(request.model, {
        executionProviders: ['wasm'],
        graphOptimizationLevel: request.optimisation,
        enableMemPattern: true,
        logSeverityLevel: 4,
      });
      sessions.set(++created, session);
      return { session: created, outputs: [] };
    }
    case 'run': {
      const session = sessions.get(request.session);
      if (!session) throw new Error('the session has been disposed');
      /** @type {Record<string, import('onnxruntime-common').Tensor>} */
      const feeds = {};
      // What the model does not read is left out, as the native build does.
      for (const { name, type, data, dims } of request.feeds)
        if (session.inputNames.includes(name))
          feeds[name] = new Tensor(/** @type {'float32'} */ (type), /** @type {Float32Array} */ (data), dims);
      const found = await session.run(feeds, request.outputs, { logSeverityLevel: 4 });
      const outputs = request.outputs.map((name) => {
        const { type, data, dims } = /** @type {import('onnxruntime-common').Tensor} */ (found[name]);
        return { name, type, data: /** @type {Float32Array} */ (data), dims };
      });
      return { session: request.session, outputs };
    }
    case 'dispose': {
      await sessions.get(request.session)?.release();
      sessions.delete(request.session);
      return { session: request.session, outputs: [] };
    }
  }
}

process.on('exit', () => {
  Atomics.store(state, ENDED, 1);
  wake();
});

port.on('message', async (request) => {
  try {
    const answer = await answerTo(request);
    const buffers = new Set(answer.outputs.map(({ data }) => /** @type {ArrayBuffer} */ (data.buffer)));
    port.postMessage(answer, [...buffers]);
  } catch (error) {
    // After a trap nothing of this instance can be trusted any more.
    const isFatal = /^RuntimeError\b|\bAborted\(/.test(String(error));
    port.postMessage({ error: error instanceof Error ? error.message : String(error), isFatal });
  }
  wake();
});
