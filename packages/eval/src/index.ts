export { BOOTSTRAP, type BootstrapOptions, bootstrapInterval, type Interval } from './bootstrap.js';
export { checkUnseen } from './check-unseen.js';
export { checkValues, type ValueBounds } from './check-values.js';
export {
  COMPARE,
  type Comparable,
  type CompareOptions,
  type Comparison,
  type Comparisons,
  compareSystems,
} from './compare-systems.js';
export {
  DETECTABLE,
  DETECTABLE_DIFFERENCE,
  type DetectableOptions,
  detectableDifference,
} from './detectable-difference.js';
export { normalisedGain } from './discounted-gain.js';
export { escapeHtml, escapeLatex, escapeMarkdown } from './escape-text.js';
export { evaluateRanking } from './evaluate-ranking.js';
export { type HeldOutQueries, heldOutQueries } from './held-out-queries.js';
export { holm } from './holm.js';
export {
  type ContractViolations,
  VIOLATIONS,
  type Violation,
} from './list-contract.js';
export { ListMetrics, type ListMetricsContext } from './list-metrics.js';
export { type MultiLabelScores, multiLabelScores } from './multi-label-scores.js';
export { ndcgOfLists } from './ndcg-of-lists.js';
export {
  type PairedTest,
  pairedTTest,
  RANDOMISATION,
  type RandomisationOptions,
  randomisationTest,
  WILCOXON,
  type WilcoxonOptions,
  wilcoxonSignedRank,
} from './paired-tests.js';
export { auc, gauc, logLoss, mae, rmse } from './prediction-metrics.js';
export { type CandidateRule, describeProtocol, type RankingProtocol } from './protocol.js';
export { type Ranking, rankRelevant } from './rank-counting.js';
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
export { RANKING, type RankingData, type RankingOptions, SLICE, type Slice } from './ranking-options.js';
export {
  averageOverSeeds,
  type MetricValue,
  type PerUserValues,
  type RankingResult,
  readRankingResult,
  type SeedAverage,
  type SliceResult,
} from './ranking-result.js';
export {
  REPORT,
  type Report,
  type ReportOptions,
  type ReportRow,
  type ReportValue,
  rankingReport,
} from './report.js';
export { type ComparisonTable, cellText, comparisonTable } from './report-cells.js';
export { type ChartSpecification, drawChart, reportChart } from './report-charts.js';
export { toHtml } from './report-html.js';
export { toLatex } from './report-latex.js';
export { toMarkdown } from './report-markdown.js';
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
} from './text-metrics.js';
export {
  checkOutcomes,
  checkTrust,
  outcomesInWords,
  TRUST_LIMITS,
  type TrustLimits,
  violationsInWords,
} from './trust.js';
