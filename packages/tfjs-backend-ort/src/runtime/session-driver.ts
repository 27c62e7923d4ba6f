import { defineOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import type { OrtTensor, OrtTensors } from './ort-tensor.js';

/** The builds of ONNX Runtime: the native library of onnxruntime-node, or WebAssembly of onnxruntime-web. */
export type OrtRuntime = 'native' | 'wasm';

/** Options of an ONNX Runtime session. */
export const ORT_SESSION = defineOptions(
  'OrtSession',
  {
    runtime: option.choice<OrtRuntime>(['native', 'wasm']).optional({
      doc: 'the build of ONNX Runtime. Left out: the one that the environment variable `PALATE_ORT_RUNTIME` names, else the native one if it loads, else WebAssembly, which computes the same but several times slower',
    }),
    threads: option.integer({ min: 0, max: 1024 }).optional({
      doc: "threads within an operation. Left out: the environment variable `PALATE_ORT_THREADS`, else ONNX Runtime's own choice, one per core, as with 0. WebAssembly uses one",
    }),
    executionProviders: option.list(
      option.text(),
      1,
    )({
      default: ['cpu'],
      doc: "execution providers in order of preference, for example `['cuda', 'cpu']`",
    }),
    spinning: option.boolean()({
      default: true,
      doc: 'whether idle threads spin while they wait: fastest on an idle machine, several times slower on a busy one. WebAssembly has no idle threads',
    }),
    optimisation: option.choice(['disabled', 'basic', 'extended', 'all'])({
      default: 'all',
      doc: 'how far ONNX Runtime rewrites the graph',
    }),
    arena: option.boolean()({
      default: true,
      doc: 'whether the memory of a run is kept for the next one, which saves allocating it again; WebAssembly always keeps it',
    }),
  },
  [],
);

/** Options of an ONNX Runtime session; {@link ORT_SESSION} says what each does. */
export type OrtSessionOptions = OptionsOf<typeof ORT_SESSION.declarations>;

/** Options of a session with their defaults. */
export type OrtSessionSettings = SettingsOf<typeof ORT_SESSION.declarations>;

/** A session of one of the builds: computes on the caller's turn and returns when it is done. */
export interface SessionDriver {
  /** Computes the outputs named; into the memory of the tensors given for them, where any are. */
  run(feeds: OrtTensors, fetches: Readonly<Record<string, OrtTensor | null>>): Record<string, OrtTensor>;
  dispose(): void;
}
