import type { ReportRow } from '@palate/eval';

const S3REC = 'S3-Rec, CIKM 2020, full-ranking table; also in TIGER, Table 1';
const TIGER = 'TIGER, arXiv 2305.05065, Table 1';
const ESASREC = 'eSASRec, RecSys 2025, README of blondered/transformer_benchmark';
const NOTE = 'masking of the history not stated';

/** Published figures on the S3-Rec sequences of Amazon Beauty. */
export const BEAUTY_PUBLISHED: readonly ReportRow[] = [
  {
    system: 'SASRec',
    metrics: {
      'hr@10': { mean: 0.0605 },
      'ndcg@10': { mean: 0.0318 },
      'hr@5': { mean: 0.0387 },
      'ndcg@5': { mean: 0.0249 },
    },
    source: S3REC,
    note: NOTE,
  },
  {
    system: 'TIGER',
    metrics: {
      'hr@10': { mean: 0.0648 },
      'ndcg@10': { mean: 0.0384 },
      'hr@5': { mean: 0.0454 },
      'ndcg@5': { mean: 0.0321 },
    },
    source: TIGER,
    note: NOTE,
  },
  {
    system: 'ActionPiece',
    metrics: { 'hr@10': { mean: 0.0775 }, 'ndcg@10': { mean: 0.0424 } },
    source: ESASREC,
    note: `as reported there; ${NOTE}`,
  },
  {
    system: 'SASRec, sampled softmax',
    metrics: { 'hr@10': { mean: 0.0921 }, 'ndcg@10': { mean: 0.0531 } },
    source: ESASREC,
    note: NOTE,
  },
  {
    system: 'eSASRec',
    metrics: { 'hr@10': { mean: 0.0928 }, 'ndcg@10': { mean: 0.0523 } },
    source: ESASREC,
    note: NOTE,
  },
];
