import { type Catalog, checkOptions } from '@palate/core';
import { limitedColumn, numeric } from './limited-column.js';
import { speaksOf } from './speaks-of.js';
import type { RequestLimit, UnderstoodRequest } from './understood-request.js';

/** Options of {@link applyRequest}. */
export interface ApplyRequestOptions {
  /** One text an item that says what it is about, for dislikes. Default: all fields of the catalogue. */
  readonly texts?: readonly string[] | undefined;
}

/** Items that a request rules out, and what of it could be applied. */
export interface RuledOut {
  /** 1 for each item that must not come, by dense index. */
  readonly marks: Uint8Array;
  /** How many items each dislike and each limit rules out, by its words; the first that does counts. */
  readonly counts: Readonly<Record<string, number>>;
  /** Limits on attributes that the catalogue lacks: they have no effect, and the user learns so. */
  readonly unknown: readonly RequestLimit[];
}

/**
 * Finds the items of a catalogue that a request rules out: those whose text speaks of a dislike, and those whose number
 * is known to lie beyond a limit. An item without the number stays.
 *
 * Costs one pass over the texts where something is disliked.
 */
export function applyRequest(
  request: Pick<UnderstoodRequest, 'dislikes' | 'limits'>,
  catalog: Catalog,
  options: ApplyRequestOptions = {},
): RuledOut {
  checkOptions('applyRequest', options, ['texts']);
  const n = catalog.items.size;
  const marks = new Uint8Array(n);
  const counts: Record<string, number> = {};
  const unknown: RequestLimit[] = [];
  const ruleOut = (item: number, words: string): void => {
    if (marks[item]) return;
    marks[item] = 1;
    counts[words] = (counts[words] ?? 0) + 1;
  };
  for (const limit of request.limits) {
    const column = limitedColumn(catalog, limit.attribute);
    if (!column) {
      unknown.push(limit);
      continue;
    }
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, words } = limit;
    counts[words] ??= 0;
    for (let item = 0; item < n; item++) {
      const value = numeric(column[item]);
      if (value !== undefined && (value < min || value > max)) ruleOut(item, words);
    }
  }
  if (request.dislikes.length > 0) {
    for (const words of request.dislikes) counts[words] ??= 0;
    const spoken = speaksOf(request.dislikes);
    for (let item = 0; item < n; item++) {
      const found = spoken(options.texts?.[item] ?? catalog.itemText(item, catalog.fields));
      if (found !== undefined) ruleOut(item, found);
    }
  }
  return { marks, counts, unknown };
}
