import { applyRequest, describeRequest, understandRequest } from '@palate/narrative';
import type { Understood } from './answer.js';
import type { LiveCatalogue } from './live-catalogue.js';

/** A wish with what it rules out of a catalogue. */
export interface Wish extends Understood {
  /** 1 for items that must not come; undefined where the wish rules nothing out. */
  readonly ruledOut: Uint8Array | undefined;
  /** Parts that could not be applied, as they were typed. */
  readonly notApplied: readonly string[];
}

/** Takes a wish in words apart: what is wanted, what is ruled out, and bounds on numbers of the catalogue. */
export function understand(text: string, catalogue: LiveCatalogue): Wish {
  const understood = understandRequest(text, { catalog: catalogue.dataset.catalog });
  const { likes, dislikes, limits, vague } = understood;
  const applied =
    dislikes.length + limits.length > 0
      ? applyRequest(understood, catalogue.dataset.catalog, { texts: catalogue.texts })
      : undefined;
  return {
    likes,
    dislikes,
    limits: describeRequest({ likes: '', dislikes: [], limits, vague }, applied).join(' '),
    ruledOut: applied?.marks,
    notApplied: [...(applied?.unknown ?? []).map(({ words }) => words), ...vague],
  };
}
