import { entryNamed } from '@palate/core';
import { DIRECT_TEMPLATES } from './direct.js';
import { EXPLANATION_TEMPLATES } from './explanation.js';
import { RATING_TEMPLATES } from './rating.js';
import { REVIEW_TEMPLATES } from './review.js';
import { SEQUENTIAL_TEMPLATES } from './sequential.js';
import type { P5Template } from './template.js';
import { TRANSFER_TEMPLATES } from './transfer.js';

/** Every question of P5, in our own words: a new one is one entry in the list of its family. */
export const P5_TEMPLATES: readonly P5Template[] = [
  ...RATING_TEMPLATES,
  ...SEQUENTIAL_TEMPLATES,
  ...EXPLANATION_TEMPLATES,
  ...REVIEW_TEMPLATES,
  ...DIRECT_TEMPLATES,
  ...TRANSFER_TEMPLATES,
];

/**
 * The template of a number.
 *
 * @throws InvalidInputError if there is none
 */
export function templateOf(id: string, templates: readonly P5Template[] = P5_TEMPLATES): P5Template {
  return entryNamed('a template', templates, (template) => template.id, id);
}
