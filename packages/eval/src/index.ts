export { checkValues, type ValueBounds } from './metrics/check-values.js';
export { normalisedGain } from './metrics/discounted-gain.js';
export { ListMetrics, type ListMetricsContext } from './metrics/list-metrics.js';
export { type MultiLabelScores, multiLabelScores } from './metrics/multi-label-scores.js';
export { ndcgOfLists } from './metrics/ndcg-of-lists.js';
export { auc, gauc, logLoss, mae, rmse } from './metrics/prediction-metrics.js';
export { type Ranking, rankRelevant } from './metrics/rank-counting.js';
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
} from './metrics/rank-metrics.js';
export {
  BLEU,
  type BleuOptions,
  bleu,
  distinctGrams,
  featureCoverage,
  type RougeScores,
  rouge,
  TEXT_METRIC,
  type TextMetricOptions,
  type TextWords,
} from './metrics/text-metrics.js';
export { checkUnseen } from './ranking/check-unseen.js';
export { evaluateRanking } from './ranking/evaluate-ranking.js';
export { type HeldOutQueries, heldOutQueries } from './ranking/held-out-queries.js';
export {
  type ContractViolations,
  VIOLATIONS,
  type Violation,
} from './ranking/list-contract.js';
export { type CandidateRule, describeProtocol, type RankingProtocol } from './ranking/protocol.js';
export {
  RANKING,
  type RankingData,
  type RankingOptions,
  SLICE,
  type Slice,
} from './ranking/ranking-options.js';
export {
  averageOverSeeds,
  type MetricValue,
  type PerUserValues,
  type RankingResult,
  readRankingResult,
  type SeedAverage,
  type SliceResult,
} from './ranking/ranking-result.js';
export {
  checkOutcomes,
  checkTrust,
  outcomesInWords,
  TRUST_LIMITS,
  type TrustLimits,
  violationsInWords,
} from './ranking/trust.js';
export {
  COMPARE,
  type Comparable,
  type CompareOptions,
  type Comparison,
  type Comparisons,
  compareSystems,
} from './report/compare-systems.js';
export { escapeHtml, escapeLatex, escapeMarkdown } from './report/escape-text.js';
export {
  REPORT,
  type Report,
  type ReportOptions,
  type ReportRow,
  type ReportValue,
  rankingReport,
} from './report/report.js';
export { type ComparisonTable, cellText, comparisonTable } from './report/report-cells.js';
export { type ChartSpecification, drawChart, reportChart } from './report/report-charts.js';
export { toHtml } from './report/report-html.js';
export { toLatex } from './report/report-latex.js';
export { toMarkdown } from './report/report-markdown.js';
export {
  BOOTSTRAP,
  type BootstrapOptions,
  bootstrapInterval,
  type Interval,
} from './significance/bootstrap.js';
export {
  DETECTABLE,
  DETECTABLE_DIFFERENCE,
  type DetectableOptions,
  detectableDifference,
} from './significance/detectable-difference.js';
export { holm } from './significance/holm.js';
export {
  type PairedTest,
  pairedTTest,
  RANDOMISATION,
  type RandomisationOptions,
  randomisationTest,
  WILCOXON,
  type WilcoxonOptions,
  wilcoxonSignedRank,
} from './significance/paired-tests.js';
