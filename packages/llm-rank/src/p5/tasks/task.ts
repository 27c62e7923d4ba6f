import type { RandomStream } from '@palate/core';
import type { P5Family } from '../templates/template.js';
import type { Material } from './material.js';
import type { Slots } from './slots.js';

/** Subject of a task's questions. */
export type P5Unit = 'interaction' | 'user' | 'explanation' | 'review';

/** A task of P5: what its rows are made of and how often. */
export interface P5Task {
  readonly family: P5Family;
  readonly unit: P5Unit;
  /** Draws of each unit in an epoch, where nothing else is asked for: those of the paper's code. */
  readonly draws: number;
  /** Names of the slots that it can fill; a template may use others of no task. */
  readonly slots: readonly string[];
  /**
   * Slots of the rows of one draw: one, two where a yes has its no beside it, none where the unit gives no row.
   *
   * @param unit - number of the interaction, user, explanation or review
   */
  readonly make: (material: Material, unit: number, random: RandomStream) => readonly Slots[];
}
