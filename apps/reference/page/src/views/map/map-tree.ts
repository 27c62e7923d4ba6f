import type { ItemMap } from '../../api/types.js';

/** An item on the map. */
export interface MapPoint {
  readonly id: string;
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly codes: readonly number[];
  readonly interactions: number;
}

/** The items of a map, one object each, the most chosen last so that they are drawn on top. */
export function pointsOf(map: ItemMap): MapPoint[] {
  return map.ids
    .map((id, k) => ({
      id,
      title: map.titles[k] ?? id,
      x: map.x[k] ?? 0,
      y: map.y[k] ?? 0,
      codes: map.codes[k] ?? [],
      interactions: map.interactions[k] ?? 0,
    }))
    .sort((a, b) => a.interactions - b.interactions);
}

/** A node of the tree of codes: what follows a beginning of codes. */
export interface CodeNode {
  readonly code: number;
  readonly points: readonly MapPoint[];
}

/** The children of a beginning of codes, those with most items first. */
export function childrenOf(points: readonly MapPoint[], level: number): CodeNode[] {
  const groups = new Map<number, MapPoint[]>();
  for (const point of points) {
    const code = point.codes[level];
    if (code === undefined) continue;
    const own = groups.get(code);
    if (own) own.push(point);
    else groups.set(code, [point]);
  }
  return [...groups]
    .map(([code, own]) => ({ code, points: own }))
    .sort((a, b) => b.points.length - a.points.length || a.code - b.code);
}

/** Whether an item's codes begin with others. */
export function beginsWith(point: MapPoint, codes: readonly number[]): boolean {
  return codes.every((code, level) => point.codes[level] === code);
}

/** Points whose titles hold all words. */
export function titled(points: readonly MapPoint[], words: string): MapPoint[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  return points.filter(({ title }) => wanted.every((word) => title.toLowerCase().includes(word)));
}
