import {
  defineOptions,
  InvalidInputError,
  MissingDependencyError,
  type OptionsOf,
  PalateError,
} from '@palate/core';
import { ORT_BACKEND, ortRuntime, registerGradients, registerOrtBackend } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';

/** Backends that compute tensors. */
export type BackendName = 'ort' | 'tensorflow' | 'cpu';

const { threads, executionProviders } = ORT_BACKEND.declarations;

/** Options of {@link selectBackend}: those of the backend `'ort'` that matter from outside. */
export const SELECT_BACKEND = defineOptions('selectBackend', { threads, executionProviders }, []);

/** Options of {@link selectBackend}; {@link SELECT_BACKEND} says what each does. */
export type SelectBackendOptions = OptionsOf<typeof SELECT_BACKEND.declarations>;

/** The name of tfjs-node's backend. */
const TENSORFLOW = 'tensorflow' satisfies BackendName;

async function useTensorflow(): Promise<void> {
  const name = '@tensorflow/tfjs-node';
  try {
    await import(name);
  } catch (cause) {
    throw new MissingDependencyError(
      name,
      "the backend 'tensorflow' (its native addon has to load on this Node version)",
      cause,
    );
  }
  registerGradients();
  await tf.setBackend(TENSORFLOW);
}

async function useOrt(options: SelectBackendOptions): Promise<void> {
  // TensorFlow.js swallows what a backend throws when it is made: this throws it.
  ortRuntime();
  registerOrtBackend(options);
  await tf.setBackend('ort');
}

async function useCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  registerGradients();
  await tf.setBackend('cpu');
}

/**
 * Chooses what computes tensors from now on, for the whole process.
 *
 * - `'ort'`: ONNX Runtime, native speed from npm alone.
 * - `'tensorflow'`: @tensorflow/tfjs-node, an optional package.
 * - `'cpu'`: plain JavaScript, slow and everywhere.
 * - `'auto'`: the backend already in use, else `'ort'`, else `'cpu'`.
 *
 * @returns the backend now in use
 * @throws MissingDependencyError for `'tensorflow'` where tfjs-node does not load
 */
export async function selectBackend(
  choice: BackendName | 'auto' = 'auto',
  options: SelectBackendOptions = {},
): Promise<BackendName> {
  SELECT_BACKEND.settings(options);
  switch (choice) {
    case 'ort':
      await useOrt(options);
      return 'ort';
    case 'tensorflow':
      await useTensorflow();
      return 'tensorflow';
    case 'cpu':
      await useCpu();
      return 'cpu';
    case 'auto': {
      const current = tf.engine().backendName;
      if (current === 'ort' || current === 'cpu' || current === TENSORFLOW) {
        // It may be in use because a tensor was made before anyone chose.
        registerGradients();
        return current;
      }
      try {
        await useOrt(options);
        return 'ort';
      } catch (error) {
        if (!PalateError.is(error) || error.code !== 'unsupported') throw error;
        process.emitWarning(`Tensors are computed in plain JavaScript, slowly. ${error.message}`, {
          code: 'PALATE_CPU_BACKEND',
        });
        await useCpu();
        return 'cpu';
      }
    }
    default:
      throw new InvalidInputError({
        expected: "a backend: 'auto', 'ort', 'tensorflow' or 'cpu'",
        received: JSON.stringify(choice),
        hint: "Leave it out for 'auto', which takes what is installed.",
      });
  }
}
