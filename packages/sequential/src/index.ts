export { BERT4REC, Bert4Rec, type Bert4RecOptions } from './bert4rec.js';
export type { SequentialOptions } from './options.js';
export { SASREC, SasRec, type SasRecLoss, type SasRecOptions } from './sasrec.js';
