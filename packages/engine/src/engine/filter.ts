import { type AttributeValue, InvalidInputError, isObject } from '@palate/core';
import { checkColumn, type LiveCatalogue } from './live-catalogue.js';
import type { Filter, FilterValue } from './request.js';

/** Whether an item may be returned, by dense index. */
export type ItemTest = (item: number) => boolean;

/**
 * Makes a test of a filter.
 *
 * @param where - how messages call the filter
 * @throws InvalidInputError for a column that the catalogue does not have, or a value that is none
 */
export function itemTest(filter: Filter, catalogue: LiveCatalogue, where = 'the filter'): ItemTest {
  if (typeof filter === 'function') return (item) => filter(catalogue.items.idOf(item));
  if (!isObject(filter))
    throw new InvalidInputError({
      expected: `${where} to be an object of values by column`,
      received: JSON.stringify(filter) ?? String(filter),
      hint: 'For example { genres: "Drama" } or { price: { max: 20 } }.',
    });
  const tests = Object.entries(filter).map(([column, wanted]): ItemTest => {
    checkColumn(catalogue.dataset.catalog, column);
    const accepts = valueTest(wanted, `${where}'s ${column}`);
    return (item) => accepts(catalogue.value(item, column));
  });
  return (item) => tests.every((test) => test(item));
}

function valueTest(wanted: FilterValue, where: string): (value: AttributeValue) => boolean {
  if (typeof wanted === 'string' || typeof wanted === 'number') return anyOf([wanted]);
  if (Array.isArray(wanted)) {
    const bad = wanted.find((each) => typeof each !== 'string' && typeof each !== 'number');
    if (bad === undefined) return anyOf(wanted as readonly (string | number)[]);
  } else if (typeof wanted === 'object' && wanted !== null) {
    const { min, max, ...unknown } = wanted as { readonly min?: unknown; readonly max?: unknown };
    const isBound = (bound: unknown): bound is number | undefined =>
      bound === undefined || (typeof bound === 'number' && !Number.isNaN(bound));
    if (Object.keys(unknown).length === 0 && isBound(min) && isBound(max) && (min ?? max) !== undefined)
      return (value) => {
        const number =
          typeof value === 'number'
            ? value
            : typeof value === 'string'
              ? Number(value || Number.NaN)
              : Number.NaN;
        return number >= (min ?? Number.NEGATIVE_INFINITY) && number <= (max ?? Number.POSITIVE_INFINITY);
      };
  }
  throw new InvalidInputError({
    expected: `${where} to be a value, a list of values, or { min, max }`,
    received: JSON.stringify(wanted) ?? String(wanted),
    hint: 'For example "Drama", ["Drama", "Comedy"] or { min: 1990, max: 1999 }.',
  });
}

/** Categories and texts in any case; numbers also where a text column holds them. */
function anyOf(wanted: readonly (string | number)[]): (value: AttributeValue) => boolean {
  const words = new Set(wanted.map((each) => String(each).toLowerCase()));
  return (value) =>
    Array.isArray(value)
      ? value.some((each) => words.has(each.toLowerCase()))
      : value !== undefined && words.has(String(value).toLowerCase());
}
