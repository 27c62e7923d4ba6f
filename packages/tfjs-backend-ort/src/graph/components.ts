/*
 * Terms: a *node* is a recorded operation; a *leaf* is data at hand; a *component* is values that share a node or a
 * leaf, directly or through others; a *walk* visits the nodes that a value needs.
 */

import type { GraphNode, LeafData, Value } from './graph.js';

/**
 * Questions about which recorded values hang together. Two values do if their graphs share a node, which would run
 * twice if they were computed apart, or a leaf, as all parts of a training step do.
 */

let epoch = 1;

/** Nodes that a value needs and that no walk of this epoch has met, each once. */
function* freshNodes(value: Value, met: (node: GraphNode) => void): Generator<GraphNode> {
  if (value.from !== 'node') return;
  const stack = [value.source as GraphNode];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.walk === epoch) {
      met(node);
      continue;
    }
    node.walk = epoch;
    yield node;
    for (const input of node.inputs) if (input?.from === 'node') stack.push(input.source as GraphNode);
  }
}

/** Of some values, those that hang together with the first, directly or through others; the first among them. */
export function component(values: readonly Value[]): Value[] {
  epoch++;
  const parent = values.map((_, index) => index);
  const root = (index: number): number => {
    let at = index;
    while (parent[at] !== at) at = parent[at] as number;
    for (let each = index; each !== at; ) {
      const next = parent[each] as number;
      parent[each] = at;
      each = next;
    }
    return at;
  };
  const readers = new Map<LeafData, number>();
  values.forEach((value, index) => {
    const join = (other: number): void => {
      parent[root(other)] = root(index);
    };
    for (const node of freshNodes(value, (met) => join(met.group))) {
      node.group = index;
      for (const input of node.inputs) {
        if (input?.from !== 'leaf') continue;
        const data = input.source as LeafData;
        const reader = readers.get(data);
        if (reader === undefined) readers.set(data, index);
        else if (reader !== index) join(reader);
      }
    }
  });
  const own = root(0);
  return values.filter((_, index) => root(index) === own);
}

/** The leaves that any of the values still reads. */
export function leavesOf(values: Iterable<Value>): Set<LeafData> {
  epoch++;
  const leaves = new Set<LeafData>();
  const nothing = (): void => {};
  for (const value of values) {
    for (const node of freshNodes(value, nothing))
      for (const input of node.inputs) if (input?.from === 'leaf') leaves.add(input.source as LeafData);
  }
  return leaves;
}

/** Of some values, those whose graph holds a node. */
export function dependents(values: readonly Value[], cause: GraphNode): Value[] {
  const nothing = (): void => {};
  return values.filter((value) => {
    epoch++;
    for (const node of freshNodes(value, nothing)) if (node === cause) return true;
    return false;
  });
}
