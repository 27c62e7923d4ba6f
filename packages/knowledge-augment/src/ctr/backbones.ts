import { autoInt } from './auto-int.js';
import type { MakeBackbone } from './backbone.js';
import { dcnV1, dcnV2 } from './cross-networks.js';
import { deepFm } from './deep-fm.js';
import { fiBiNet } from './fi-bi-net.js';
import { dien, din } from './interest-networks.js';
import { xDeepFm } from './x-deep-fm.js';

/** Backbones by name: a new one is a file and an entry here. */
export const BACKBONES = {
  deepfm: deepFm,
  xdeepfm: xDeepFm,
  dcnv1: dcnV1,
  dcnv2: dcnV2,
  autoint: autoInt,
  fibinet: fiBiNet,
  din,
  dien,
} satisfies Readonly<Record<string, MakeBackbone>>;

/** Name of a backbone. */
export type BackboneName = keyof typeof BACKBONES;
