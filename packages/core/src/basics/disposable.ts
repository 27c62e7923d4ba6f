// Node 18.18 and later have the symbol; where it is missing, both `using` and this file find the same one.
(Symbol as { dispose?: symbol }).dispose ??= Symbol.for('Symbol.dispose');

/**
 * Something that holds memory outside of JavaScript's objects (tensors, native sessions), to be given back.
 *
 * Models that nobody holds any more give theirs back by themselves, some time after; `dispose` does so at once, also
 * at the end of a block by `using`. It may be called again; anything else that is asked of the model afterwards
 * throws.
 *
 * @example
 * ```ts
 * {
 *   using model = await SasRec.load('models/sasrec');
 *   await model.retrieve([{ history: [3, 14] }], 10);
 * } // its weights are gone here
 * ```
 */
export interface Disposable {
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * Goes on with something that was just made, and disposes of it where that fails: nobody else holds it yet.
 *
 * @throws what `work` throws
 */
export async function disposedOnFailure<R>(
  made: Pick<Disposable, 'dispose'>,
  work: () => R | PromiseLike<R>,
): Promise<R> {
  try {
    return await work();
  } catch (error) {
    made.dispose();
    throw error;
  }
}
