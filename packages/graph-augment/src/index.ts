export { type AttributeEdges, attributeEdges } from './edges/attribute-edges.js';
export {
  ITEM_TEXT_VECTORS,
  type ItemTextReport,
  type ItemTextSource,
  type ItemTextVectorsOptions,
  itemTextVectors,
  type Review,
} from './edges/item-text-vectors.js';
export { joinedEdges } from './edges/joined-edges.js';
export { listedEdges } from './edges/listed-edges.js';
export { itemRelations, type ReadRelations } from './edges/named-edges.js';
export {
  SIMILARITY_CLASSES,
  TEXT_SIMILARITY,
  type TextSimilarity,
  type TextSimilarityOptions,
  textSimilarityEdges,
} from './edges/text-similarity.js';
export {
  type GraphPath,
  GraphPaths,
  type PathQuery,
  type PathWords,
  pathInWords,
} from './explain/graph-paths.js';
export { bipartiteGraph, type Graph } from './graph/bipartite-graph.js';
export { type GraphStatistics, graphStatistics, leastActive } from './graph/graph-statistics.js';
export {
  IMPORTANT_NEIGHBOURS,
  type ImportantNeighboursOptions,
  importantNeighbours,
} from './graph/important-neighbours.js';
export {
  fromEdgeList,
  fromGraphology,
  type NamedEdge,
  type SerializedGraph,
  toEdgeList,
  toGraphology,
} from './graph/interchange.js';
export {
  forwardPush,
  PAGE_RANK,
  type PageRank,
  type PageRankOptions,
  powerIteration,
} from './graph/page-rank.js';
export {
  type EntityKind,
  INTERACTED,
  type ItemRelation,
  type Relation,
  type RelationGraph,
  type RelationGraphOptions,
  relationGraph,
} from './graph/relation-graph.js';
export {
  GRAPH_RECOMMENDER,
  GRAPH_SERVING,
  type GraphRecommenderOptions,
  type GraphServingOptions,
  PAPER_MODE,
} from './models/graph-options.js';
export { GraphRecommender } from './models/graph-recommender.js';
export { LightGcn } from './models/light-gcn.js';
export { LIGHT_GCN, type LightGcnOptions } from './models/light-gcn-options.js';
export { RP3_BETA, Rp3Beta, type Rp3BetaOptions } from './models/rp3-beta.js';
export { GRAPH_MODELS, type GraphModel, SCORING_FUNCTIONS } from './models/scores/index.js';
export type { LeftSide, ScoringFunction } from './models/scoring-function.js';
