export { evaluateRanking } from './evaluate-ranking.js';
export { ListMetrics, type ListMetricsContext } from './list-metrics.js';
export { ndcgOfLists } from './ndcg-of-lists.js';
export { auc, gauc, logLoss, mae, rmse } from './prediction-metrics.js';
export { type CandidateRule, describeProtocol, type RankingProtocol } from './protocol.js';
export {
  averagePrecision,
  f1,
  hitRate,
  type ListMetricName,
  ndcg,
  precision,
  type RankedRelevant,
  recall,
  reciprocalRank,
} from './rank-metrics.js';
export type { RankingData, RankingOptions, Slice } from './ranking-options.js';
export {
  averageOverSeeds,
  type MetricValue,
  type RankingResult,
  readRankingResult,
  type SeedAverage,
  type SliceResult,
} from './ranking-result.js';
export {
  type Report,
  type ReportRow,
  type ReportValue,
  rankingReport,
  toHtml,
  toLatex,
  toMarkdown,
} from './report.js';
export {
  type BootstrapOptions,
  bootstrapInterval,
  holm,
  type Interval,
  type PairedTest,
  pairedTTest,
  type RandomisationOptions,
  randomisationTest,
  wilcoxonSignedRank,
} from './significance.js';
