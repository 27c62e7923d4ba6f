export { type AttributeEdges, attributeEdges } from './edges/attribute-edges.js';
export { listedEdges } from './edges/listed-edges.js';
export { itemRelations, type ReadRelations } from './edges/named-edges.js';
export { bipartiteGraph, type Graph } from './graph/bipartite-graph.js';
export { type GraphStatistics, graphStatistics, leastActive } from './graph/graph-statistics.js';
export { type ImportantNeighboursOptions, importantNeighbours } from './graph/important-neighbours.js';
export {
  fromEdgeList,
  fromGraphology,
  type NamedEdge,
  type SerializedGraph,
  toEdgeList,
  toGraphology,
} from './graph/interchange.js';
export { forwardPush, type PageRank, type PageRankOptions, powerIteration } from './graph/page-rank.js';
export {
  type EntityKind,
  INTERACTED,
  type ItemRelation,
  type Relation,
  type RelationGraph,
  type RelationGraphOptions,
  relationGraph,
} from './graph/relation-graph.js';
