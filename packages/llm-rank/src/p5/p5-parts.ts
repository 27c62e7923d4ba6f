import type { Favourites, IdMap, Provenance } from '@palate/core';
import type { RatingScale } from '../rating/rating-rows.js';
import type { IdNames } from './ids/id-names.js';
import type { IdTokens } from './ids/id-tokens.js';
import type { P5Settings } from './p5-options.js';
import type { P5Template } from './templates/template.js';
import type { TextModel } from './text-model.js';

/** The ratings of the training data. */
export interface RatingFacts {
  readonly scale: RatingScale;
  readonly step: number;
  /** Answer where nobody is known. */
  readonly mean: number;
}

/** Parts of a fitted P5. */
export interface P5Parts {
  readonly model: TextModel;
  readonly tokens: IdTokens;
  readonly users: IdMap;
  readonly items: IdMap;
  readonly userNames: IdNames;
  readonly itemNames: IdNames;
  /** By dense item. */
  readonly titles: readonly string[];
  readonly templates: readonly P5Template[];
  /** Tasks that were trained. */
  readonly tasks: readonly string[];
  /** Where there are ratings. */
  readonly ratings: RatingFacts | undefined;
  readonly settings: P5Settings;
  readonly favourites: Favourites;
  readonly provenance: Provenance | undefined;
  readonly dataFingerprint: string;
  readonly fittedOn: readonly string[];
}
