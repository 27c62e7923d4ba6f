import { ParseError } from '@palate/core';
import type { RelationGraph } from './relation-graph.js';

/** A graph as graphology serialises it: what its `export` gives and its `import` takes. */
export interface SerializedGraph {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly options: { readonly type: 'directed'; readonly multi: true; readonly allowSelfLoops: false };
  readonly nodes: {
    readonly key: string;
    readonly attributes: { readonly kind: string; readonly id: string };
  }[];
  readonly edges: {
    readonly source: string;
    readonly target: string;
    readonly attributes: { readonly relation: string };
  }[];
}

/** Names of all entities, by number: the kind, a colon and the id. */
function namesOf(graph: RelationGraph): string[] {
  return [
    ...Array.from(graph.items, (id) => `item:${id}`),
    ...Array.from(graph.users, (id) => `user:${id}`),
    ...Array.from(graph.values, (id) => `value:${id}`),
  ];
}

/**
 * A graph for graphology: `Graph.from(toGraphology(graph))`. Nodes are named `item:ID`, `user:ID` and `value:ID`; edges
 * have their relation as attribute; inverse relations, which say nothing new, are left out.
 */
export function toGraphology(graph: RelationGraph): SerializedGraph {
  const names = namesOf(graph);
  return {
    attributes: {},
    options: { type: 'directed', multi: true, allowSelfLoops: false },
    nodes: names.map((key) => {
      const colon = key.indexOf(':');
      return { key, attributes: { kind: key.slice(0, colon), id: key.slice(colon + 1) } };
    }),
    edges: Array.from(edgesOf(graph), ([head, relation, tail]) => ({
      source: names[head] as string,
      target: names[tail] as string,
      attributes: { relation },
    })),
  };
}

function* edgesOf(graph: RelationGraph): Generator<readonly [number, string, number]> {
  for (const [edge, head] of graph.heads.entries()) {
    const relation = graph.relations[graph.types[edge] as number];
    if (relation && relation.inverseOf === undefined)
      yield [head, relation.name, graph.tails[edge] as number];
  }
}

/** Texts with tabs and line ends written as JSON strings, so that a line holds one edge. */
const field = (text: string): string => (/[\t\n\r"]/.test(text) ? JSON.stringify(text) : text);

/**
 * The edges as lines `head TAB relation TAB tail`, the form of knowledge-graph toolkits. Names with tabs, quotes or line
 * ends are written as JSON strings. Inverse relations are left out.
 */
export function* toEdgeList(graph: RelationGraph): Generator<string> {
  const names = namesOf(graph);
  for (const [head, relation, tail] of edgesOf(graph))
    yield [names[head] as string, relation, names[tail] as string].map(field).join('\t');
}

/** One edge of a list. */
export interface NamedEdge {
  readonly head: string;
  readonly relation: string;
  readonly tail: string;
}

/**
 * Reads lines `head TAB relation TAB tail`; empty lines and lines that begin with `#` are left out.
 *
 * @param file - the name of the source, for messages
 * @throws ParseError naming the line that has not three fields
 */
export function fromEdgeList(lines: Iterable<string>, file = 'the edge list'): NamedEdge[] {
  const edges: NamedEdge[] = [];
  let line = 0;
  for (const text of lines) {
    line++;
    if (text.trim() === '' || text.startsWith('#')) continue;
    const fields = text.split('\t');
    const [head, relation, tail] = fields.map((each) => unquoted(each, file, line));
    if (fields.length !== 3 || !head || !relation || !tail)
      throw new ParseError(
        { file, line, column: 1 },
        {
          expected: 'head, relation and tail, separated by tabs',
          received: `${fields.length} fields, ${fields.filter((each) => each === '').length} of them empty`,
          hint: 'Write the line as head, relation and tail with a tab between them.',
        },
      );
    edges.push({ head, relation, tail });
  }
  return edges;
}

function unquoted(text: string, file: string, line: number): string {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch (cause) {
    throw new ParseError(
      { file, line, column: 1 },
      {
        expected: 'a name, or one as a JSON string where it begins with a quote',
        received: text.slice(0, 80),
        hint: 'End the JSON string with a quote, or write the name without quotes.',
        cause,
      },
    );
  }
}

/** Reads the edges of a graph that graphology exported: `fromGraphology(graph.export())`. */
export function fromGraphology(serialized: Pick<SerializedGraph, 'edges'>): NamedEdge[] {
  return serialized.edges.map(({ source, target, attributes }) => ({
    head: source,
    relation: attributes.relation,
    tail: target,
  }));
}
