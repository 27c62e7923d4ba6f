import { Catalog } from '../data/catalog.js';
import { IdMap } from '../data/id-map.js';

/** A catalogue of the items `i0`, `i1` and on, one a title. */
export const titledCatalog = (titles: readonly string[]): Catalog =>
  new Catalog({ items: new IdMap(titles.map((_, k) => `i${k}`)), text: { title: titles } });
