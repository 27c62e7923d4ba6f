export { BERT4REC, Bert4Rec, type Bert4RecOptions } from './bert4rec.js';
export type { SasRecLoss } from './next-item-task.js';
export type { SequentialOptions } from './options.js';
export { SASREC, SasRec, type SasRecOptions } from './sasrec.js';
