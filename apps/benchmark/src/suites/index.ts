import { entryNamed } from '@palate/core';
import type { Suite } from '../suite.js';
import { beautyClassic } from './beauty-classic.js';
import { beautySequential } from './beauty-sequential.js';
import { beautyGraph, giftCardsGraph, movietweetingsGraph } from './graph.js';
import { ml1mClassic } from './ml-1m-classic.js';
import { ml1mSequential } from './ml-1m-sequential.js';
import { movietweetingsClassic } from './movietweetings-classic.js';
import { movietweetingsSequential } from './movietweetings-sequential.js';

/** Every suite of the benchmark: a new one is one file and one entry here. */
export const SUITES: readonly Suite[] = [
  movietweetingsClassic,
  movietweetingsSequential,
  ml1mClassic,
  ml1mSequential,
  beautyClassic,
  beautySequential,
  movietweetingsGraph,
  beautyGraph,
  giftCardsGraph,
];

/**
 * The suite of a name.
 *
 * @throws InvalidInputError if there is none
 */
export function suiteOf(name: string): Suite {
  return entryNamed('a suite', SUITES, (each) => each.name, name);
}
