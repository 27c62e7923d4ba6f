import type { Dataset, LongCallOptions } from '@palate/core';
import { fitTransferable, loadTransferable } from './fit-transferable.js';
import type { TransferConfig, TransferKind } from './transfer-kind.js';
import { TransferableModel } from './transferable-model.js';

/** A kind of models of texts: how one is trained, and how one is read back. */
export interface Transferable<C extends TransferConfig, O extends LongCallOptions> {
  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options, items without a vector, or a model that it cannot go on from
   * @throws LeakError for a validation that the vectors know
   */
  fit(dataset: Dataset, options: O): Promise<TransferableModel<C>>;
  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  load(dir: string): Promise<TransferableModel<C>>;
}

/** Makes a kind, whose encoder sees what came before a position and whose items have no further rows. */
export function transferable<C extends TransferConfig, O extends LongCallOptions>(
  own: Omit<TransferKind<C, O>, 'causal' | 'hasEndToken'>,
): Transferable<C, O> {
  const kind: TransferKind<C, O> = { ...own, causal: true, hasEndToken: false };
  return {
    fit: async (dataset, options) =>
      new TransferableModel(
        kind,
        await fitTransferable(kind, dataset, kind.declared.settings(options), options),
      ),
    load: async (dir) => new TransferableModel(kind, await loadTransferable(kind, dir)),
  };
}
