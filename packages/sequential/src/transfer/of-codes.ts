import { ProductCodes } from '../items/product-codes.js';
import { CodeVectors, type GivenCodes } from '../items/text-vectors.js';
import type { MakeItemVectors } from '../sequence-encoder.js';
import type { TransferConfig, TransferKind } from './transfer-kind.js';

/** Settings of a kind whose items are codes of their texts. */
type CodesConfig = TransferConfig & { readonly codes: number; readonly codeValues: number };

/**
 * Item vectors of a kind whose items are codes of their texts: by the codes of the model that it goes on from, by those that
 * were saved, or by new ones.
 *
 * @param make - makes the vectors from codes
 */
export function ofCodes<C extends CodesConfig>(
  make: (codes: GivenCodes, config: C) => MakeItemVectors,
): Pick<TransferKind<C>, 'items' | 'savedItems'> {
  return {
    items: (texts, config, from) => {
      const before = from?.encoder.items;
      const known = before instanceof CodeVectors ? before.codes : undefined;
      return make(ProductCodes.codesOf(texts, config, known), config);
    },
    savedItems: (given, items, config) => make(ProductCodes.saved(given, items.size), config),
  };
}
