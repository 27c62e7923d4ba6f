/** Most that one request may ask for; more is refused before anything is computed. */
export interface Limits {
  /** Bytes of a body. */
  readonly bodyBytes: number;
  /** Items of a list that is returned. */
  readonly k: number;
  /** Requests of a batch. */
  readonly batch: number;
  /** Ids of a history, candidates or exclusions. */
  readonly ids: number;
  /** Characters of an id. */
  readonly idLength: number;
  /** Characters of a wish or a search. */
  readonly textLength: number;
  /** Events of one call of feedback. */
  readonly events: number;
  /** Items of one call that adds some. */
  readonly items: number;
}

export const LIMITS: Limits = {
  bodyBytes: 1 << 20,
  k: 1000,
  batch: 100,
  ids: 1000,
  idLength: 512,
  textLength: 2000,
  events: 1000,
  items: 500,
};
