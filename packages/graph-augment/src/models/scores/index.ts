import type { ScoringFunction } from '../scoring-function.js';
import { bpr } from './bpr.js';
import { distMult } from './dist-mult.js';
import { hyperMl } from './hyper-ml.js';
import { murEuclidean, murHyperbolic } from './mur.js';
import { rotRef } from './rot-ref.js';
import { rotatE } from './rotat-e.js';
import { transE } from './trans-e.js';
import { transH } from './trans-h.js';
import { userAttentive } from './user-attentive.js';

/** Every scoring function by its key: a new one is its file and an entry here. */
export const SCORING_FUNCTIONS = {
  bpr,
  'dist-mult': distMult,
  'trans-e': transE,
  'trans-h': transH,
  'rotat-e': rotatE,
  'rot-ref': rotRef,
  mur: murEuclidean,
  'mur-hyperbolic': murHyperbolic,
  'hyper-ml': hyperMl,
  'user-attentive': userAttentive,
} as const satisfies Readonly<Record<string, ScoringFunction>>;

/** Key of a scoring function. */
export type GraphModel = keyof typeof SCORING_FUNCTIONS;

/** Keys of all scoring functions. */
export const GRAPH_MODELS = Object.keys(SCORING_FUNCTIONS) as readonly GraphModel[];
