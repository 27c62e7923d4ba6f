import * as tf from '@tensorflow/tfjs-core';

/**
 * Variables that are freed once nobody holds them.
 *
 * TensorFlow.js keeps every variable in a register until it is disposed, so that a model that was dropped keeps its
 * weights for ever. These are in that register as weak references; their data goes with them.
 */

/** Data to give back for a tensor that is gone. */
interface Estate {
  dataId: tf.DataId;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  readonly size: number;
  /** Of a variable. */
  readonly name: string | undefined;
}

/** Entry of the register for a variable between its end and the report of it. */
const GONE = { trainable: false, dispose: () => {} } as unknown as tf.Variable;

const abandoned = new FinalizationRegistry<Estate>((estate) => {
  if (estate.name !== undefined) delete tf.engine().registeredVariables[estate.name];
  // All that TensorFlow.js reads of a tensor to give its data back.
  tf.engine().disposeTensor(estate as unknown as tf.Tensor);
});

function watch(tensor: tf.Tensor, name?: string): Estate {
  const { dataId, shape, dtype, size, dispose } = tensor;
  const estate: Estate = { dataId, shape, dtype, size, name };
  abandoned.register(tensor, estate, estate);
  tensor.dispose = function (this: tf.Tensor) {
    abandoned.unregister(estate);
    dispose.call(this);
  };
  return estate;
}

/**
 * Takes a tensor out of every tidy scope; it is freed when it is disposed, or when nobody holds it any more.
 *
 * @returns the same tensor
 */
export function heldTensor<T extends tf.Tensor>(tensor: T): T {
  watch(tf.keep(tensor));
  return tensor;
}

/**
 * Makes a variable that is freed when it is disposed, or when nobody holds it any more.
 *
 * It is outside of every tidy scope.
 *
 * @param initial - its first value; stays the caller's
 */
export function heldVariable(initial: tf.Tensor, trainable = true): tf.Variable {
  const variable = tf.keep(tf.variable(initial, trainable)) as tf.Variable;
  const estate = watch(variable, variable.name);
  const weak = new WeakRef(variable);
  Object.defineProperty(tf.engine().registeredVariables, variable.name, {
    get: () => weak.deref() ?? GONE,
    enumerable: true,
    configurable: true,
  });
  const { assign } = variable;
  variable.assign = function (this: tf.Variable, value) {
    assign.call(this, value);
    estate.dataId = this.dataId;
  };
  return variable;
}

/** Every variable that is alive. */
export function knownVariables(): tf.Variable[] {
  const known = Object.values(tf.engine().registeredVariables) as tf.Variable[];
  return known.filter((variable) => variable !== GONE);
}
