import { entryNamed, unknownName } from '@palate/core';
import { CLASSIC } from './classic.js';
import { graph, lightGcn, rp3Beta } from './graph.js';
import { palrLocal } from './local-ranker.js';
import type { Method, MethodSettings } from './method.js';
import { p5 } from './p5.js';
import { bert4rec, sasrec } from './sequential.js';
import { bm25, textKnn } from './text.js';
import { rpg, uniSRec, vqRec, zesRec } from './text-sequences.js';
import { tiger } from './tiger.js';

/** Every method: the one list that apps, tables and conformance runs read. A new method is its folder and one entry. */
export const METHODS: readonly Method[] = [
  ...CLASSIC,
  bm25,
  textKnn,
  sasrec,
  bert4rec,
  uniSRec,
  zesRec,
  vqRec,
  rpg,
  tiger,
  graph,
  lightGcn,
  rp3Beta,
  palrLocal,
  p5,
];

/**
 * The method of a key.
 *
 * @throws InvalidInputError naming the keys, and the nearest one
 */
export function methodOf(key: string): Method {
  return entryNamed('a method', METHODS, (method) => method.key, key);
}

/**
 * Refuses settings that a method does not have, or whose value it refuses, before any work is done.
 *
 * @throws InvalidInputError naming the setting
 */
export function checkSettings({ key, options }: Method, settings: MethodSettings): void {
  for (const [name, value] of Object.entries(settings)) {
    const declaration = Object.hasOwn(options.declarations, name) ? options.declarations[name] : undefined;
    if (declaration) {
      if (value !== undefined) declaration.check(name, value);
      continue;
    }
    throw unknownName(`settings of ${key}`, name, Object.keys(options.declarations));
  }
}
