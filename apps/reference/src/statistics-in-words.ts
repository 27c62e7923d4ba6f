import type { Statistics } from '@palate/datasets';

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits });

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

/** Puts the statistics of a log into lines of words. */
export function statisticsInWords(statistics: Statistics): string[] {
  const { users, items, interactions, density, historyLength, time, timeGranularity, meanRating } =
    statistics;
  return [
    `${number(users)} users, ${number(items)} items with interactions, ${number(interactions)} interactions (${number(100 * density, 2)} % of all pairs)`,
    `a user has ${number(historyLength.mean, 1)} on average (median ${number(historyLength.median, 1)}), from ${historyLength.min} to ${number(historyLength.max)}`,
    time === undefined
      ? 'no times: the order of rows is used instead'
      : `from ${day(time.first)} to ${day(time.last)}${timeGranularity === 'day' ? ', in whole days' : ''}`,
    ...(meanRating === undefined ? [] : [`mean rating ${number(meanRating, 2)}`]),
    ...(statistics.repeatedPairs > 0
      ? [`${number(statistics.repeatedPairs)} interactions repeat a pair of user and item`]
      : []),
  ];
}
