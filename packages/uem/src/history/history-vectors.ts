import {
  type Catalog,
  defineOptions,
  type IdMap,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type TextEncoder,
} from '@palate/core';
import { type RatingScale, ratingInWords, UNRATED } from './rating-words.js';
import { checkHistory, type UserHistory } from './user-history.js';

const isScale = (value: unknown): boolean =>
  Number.isFinite(Object(value).min) &&
  Number.isFinite(Object(value).max) &&
  Object(value).max > Object(value).min;

/** Options of {@link HistoryVectors.encode}. */
export const HISTORY_VECTORS = defineOptions('HistoryVectors.encode', {
  encoder: option
    .value<TextEncoder>('a text encoder', (value) => typeof Object(value).encode === 'function')
    .required({ doc: 'encoder of the three texts of an item', identity: ({ id }) => id }),
  titleFields: option.list(
    option.text(),
    1,
  )({
    default: ['title', 'genres'],
    doc: 'catalogue fields of the first text; missing fields are left out',
  }),
  descriptionFields: option.list(
    option.text(),
    1,
  )({
    default: ['description'],
    doc: 'catalogue fields of the third text, such as a description or knowledge; missing fields are left out',
  }),
  ratings: option.list(option.number())({
    default: [],
    doc: 'every rating that occurs; each is written in words for the second text',
  }),
  scale: option
    .value<RatingScale>('a scale with a minimum below its maximum', isScale)
    .optional({ doc: 'scale of the ratings; required if there are ratings' }),
});

/** Options of {@link HistoryVectors.encode}; {@link HISTORY_VECTORS} says what each does. */
export type HistoryVectorsOptions = OptionsOf<typeof HISTORY_VECTORS.declarations> & LongCallOptions;

/**
 * The three texts of every possible item of a history, each encoded once and stored: title with genres, rating in words,
 * description or knowledge. A history becomes rows of the three vectors side by side, always in this order (Doddapaneni
 * et al. 2024), without encoding anything again.
 */
export class HistoryVectors {
  /** Names the text encoder. */
  readonly encoder: string;
  readonly items: IdMap;
  /** Width of one text's vector. */
  readonly textWidth: number;
  readonly titles: Float32Array;
  readonly descriptions: Float32Array;
  /** Ratings in ascending order. */
  readonly ratings: Float64Array;
  /** Vectors of the ratings in words, one a rating and the last for no rating. */
  readonly ratingTexts: Float32Array;
  /** Knowledge of interactions in the texts. */
  readonly provenance: Provenance;

  private constructor(columns: Omit<HistoryVectors, 'width' | 'ratingRow' | 'rows'>) {
    this.encoder = columns.encoder;
    this.items = columns.items;
    this.textWidth = columns.textWidth;
    this.titles = columns.titles;
    this.descriptions = columns.descriptions;
    this.ratings = columns.ratings;
    this.ratingTexts = columns.ratingTexts;
    this.provenance = columns.provenance;
  }

  /**
   * Encodes the texts of a catalogue and of ratings.
   *
   * @throws InvalidInputError for unknown options, ratings without their scale or outside of it, or a catalogue that has
   *   none of the fields of a text
   * @throws CancelledError if `signal` fires
   */
  static async encode(catalog: Catalog, options: HistoryVectorsOptions): Promise<HistoryVectors> {
    const { signal, onProgress, seed } = options;
    const call: LongCallOptions = { signal, onProgress, seed };
    const { encoder, titleFields, descriptionFields, ratings, scale } = HISTORY_VECTORS.settings(options);
    if (ratings.length > 0 && !scale)
      throw new InvalidInputError({
        expected: 'the scale of the ratings',
        received: 'none',
        hint: 'Pass scale, for example { min: 1, max: 5 }.',
      });
    const known = [...new Set(ratings)].sort((a, b) => a - b);
    const words = [...known.map((rating) => ratingInWords(rating, scale as RatingScale)), UNRATED];
    const fields = [titleFields, descriptionFields].map((wanted) => existing(catalog, wanted));
    const [titles, descriptions] = fields.map((names) =>
      Array.from({ length: catalog.items.size }, (_, item) => catalog.itemText(item, names)),
    ) as [string[], string[]];
    const encodeAll = async (texts: readonly string[]): Promise<Float32Array> =>
      (await encoder.encode(texts, call)).data;
    return new HistoryVectors({
      encoder: encoder.id,
      items: catalog.items,
      textWidth: encoder.width,
      titles: await encodeAll(titles),
      descriptions: await encodeAll(descriptions),
      ratings: Float64Array.from(known),
      ratingTexts: await encodeAll(words),
      provenance: catalog.provenanceOf([...new Set(fields.flat())]),
    });
  }

  /** Width of an item's row: three texts. */
  get width(): number {
    return 3 * this.textWidth;
  }

  /** Row of a rating's text: that of the nearest known rating, the last one for no rating. */
  ratingRow(rating: number | undefined): number {
    const { ratings } = this;
    if (rating === undefined || ratings.length === 0) return ratings.length;
    let nearest = 0;
    for (let k = 1; k < ratings.length; k++)
      if (Math.abs((ratings[k] as number) - rating) < Math.abs((ratings[nearest] as number) - rating))
        nearest = k;
    return nearest;
  }

  /**
   * The rows of a history: `[items, width]`, row-major.
   *
   * @throws InvalidInputError for an item that is not among those encoded, or ratings that do not fit
   */
  rows(history: UserHistory): Float32Array {
    checkHistory(history, this.items.size, 'a history');
    const { textWidth: width } = this;
    const rows = new Float32Array(history.items.length * this.width);
    for (let k = 0; k < history.items.length; k++) {
      const item = history.items[k] as number;
      const rating = this.ratingRow(history.ratings?.[k]);
      const at = k * this.width;
      rows.set(this.titles.subarray(item * width, (item + 1) * width), at);
      rows.set(this.ratingTexts.subarray(rating * width, (rating + 1) * width), at + width);
      rows.set(this.descriptions.subarray(item * width, (item + 1) * width), at + 2 * width);
    }
    return rows;
  }
}

/** The fields that a catalogue has, of those wanted. */
function existing(catalog: Catalog, wanted: readonly string[]): readonly string[] {
  const found = wanted.filter((name) => catalog.column(name) !== undefined);
  if (found.length > 0) return found;
  throw new InvalidInputError({
    expected: `one of the catalogue fields ${wanted.join(', ')}`,
    received: catalog.fields.join(', ') || 'none',
    hint: 'Name fields that the catalogue has (titleFields, descriptionFields).',
  });
}
