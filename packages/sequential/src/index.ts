export { BERT4REC, Bert4Rec, type Bert4RecOptions } from './bert4rec.js';
export type { SasRecLoss } from './next-item-task.js';
export type { SequentialOptions } from './options.js';
export { SASREC, SasRec, type SasRecOptions } from './sasrec.js';
export { type Domain, joinDomains } from './transfer/join-domains.js';
export { TransferableModel } from './transfer/transferable-model.js';
export { UNISREC, UniSRec, type UniSRecOptions } from './transfer/uni-s-rec.js';
export { VQREC, VqRec, type VqRecOptions } from './transfer/vq-rec.js';
export { ZESREC, ZesRec, type ZesRecOptions } from './transfer/zes-rec.js';
