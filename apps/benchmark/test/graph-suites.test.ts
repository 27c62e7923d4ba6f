import { expect, test } from 'vitest';
import {
  beautyGraph,
  GRAPH_BUDGETS,
  giftCardsGraph,
  graphGrid,
  movietweetingsGraph,
} from '../src/suites/graph.js';

test('every graph model has one budget and one set of options with and without edges', () => {
  for (const { systems } of [movietweetingsGraph, beautyGraph, giftCardsGraph]) {
    const sides = new Map<unknown, Map<unknown, unknown>>();
    for (const { options = {}, seeds } of systems) {
      const { edges, ...rest } = options;
      const own = sides.get(options.model) ?? new Map();
      sides.set(options.model, own.set(edges, [rest, seeds]));
    }
    expect(sides.size).toBe(12);
    for (const own of sides.values()) {
      expect([...own.keys()].sort()).toEqual([false, true]);
      expect(own.get(true)).toEqual(own.get(false));
    }
  }
});

test('grids try options of their own data alone, and differ in them', () => {
  for (const budget of Object.values(GRAPH_BUDGETS))
    for (const model of ['mur', 'light-gcn', 'rp3-beta'] as const) {
      const grid = graphGrid(model, budget).map((each) => JSON.stringify(each));
      expect(new Set(grid).size).toBe(grid.length);
      expect(grid.length).toBeGreaterThan(0);
    }
});
