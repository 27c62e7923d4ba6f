import type { LeafData } from '../graph/graph.js';
import type { Plan } from '../graph/plan.js';
import type { CachedSession } from '../sessions/session-cache.js';

/** @internal Listens to a step while it is traced. */
export interface OrtTracer {
  /** A tensor was made of numbers in JavaScript. */
  wrote(data: LeafData): void;
  /** A graph was computed. */
  computed(plan: Plan, session: CachedSession): void;
}
