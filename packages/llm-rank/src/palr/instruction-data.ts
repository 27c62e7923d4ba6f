import {
  checkNumber,
  checkOptions,
  type Dataset,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  RandomStream,
  throwIfCancelled,
} from '@palate/core';
import { ItemKnn } from '@palate/retrievers';
import { threeHopItems, usersByItem } from './affinity.js';

/** PALR's two tasks: from the history alone, or with a list of candidates to choose from. */
export type InstructionTask = 'recommend' | 'recommend-retrieval';

/** One training example of the ranker. */
export interface InstructionSample {
  readonly task: InstructionTask;
  readonly user: number;
  /** Dense items, oldest first. */
  readonly history: readonly number[];
  /** Dense items in an order that says nothing; none for `'recommend'`. */
  readonly candidates: readonly number[];
  /** Dense items that the user went on with, in order. */
  readonly labels: readonly number[];
}

/** Options of {@link instructionData}. */
export interface InstructionDataOptions extends LongCallOptions {
  /** Default both. */
  readonly tasks?: readonly InstructionTask[];
  /** Share of the users whose histories are used. Default 0.2, to see what others get. */
  readonly userShare?: number;
  /** Most items of a history. Default 20. */
  readonly historyLength?: number;
  /** Most labels. Default 10. */
  readonly labelLength?: number;
  /** Candidates of a list, labels included. Default 50. */
  readonly candidateLength?: number;
  /** Examples drawn from a user for each task: different cuts of the history. Default 4. */
  readonly perUser?: number;
  /** Users with fewer items get theirs filled up by 3-hop affinity to this many. Default 6. */
  readonly leastHistory?: number;
  /** Chance that an item changes sides with a label, to vary the examples. Default 0.1. */
  readonly swap?: number;
}

/** Instruction data with the users it was made from. */
export interface InstructionData {
  readonly samples: readonly InstructionSample[];
  /** 1 for users whose histories were used. */
  readonly tuned: Uint8Array;
}

/** Neighbours of an item from which similar negatives are drawn. */
const NEIGHBOURS = 50;

/**
 * Instruction data for the ranker (PALR, section 3.3), from a training set alone: nothing that is held out can be in it.
 *
 * Candidates are all labels and items that are like them or like the history (watched together, or else of the same
 * genre), shuffled, so that their place says nothing. Users with few items are filled up by 3-hop affinity; items are
 * swapped between the sides at random.
 *
 * @throws InvalidInputError if no user has two items
 */
export async function instructionData(
  dataset: Dataset,
  options: InstructionDataOptions = {},
): Promise<InstructionData> {
  checkOptions('instructionData', options, [
    ...LONG_CALL_OPTIONS,
    'tasks',
    'userShare',
    'historyLength',
    'labelLength',
    'candidateLength',
    'perUser',
    'leastHistory',
    'swap',
  ]);
  const { log } = dataset;
  const whole = (name: string, value: number | undefined, fallback: number, min = 1): number =>
    checkNumber(name, value ?? fallback, { min, integer: true });
  const share = checkNumber('userShare', options.userShare ?? 0.2, { min: 0, max: 1 });
  const historyLength = whole('historyLength', options.historyLength, 20);
  const labelLength = whole('labelLength', options.labelLength, 10);
  const candidateLength = whole('candidateLength', options.candidateLength, 50, labelLength);
  const perUser = whole('perUser', options.perUser, 4);
  const least = whole('leastHistory', options.leastHistory, 6, 0);
  const swap = checkNumber('swap', options.swap ?? 0.1, { min: 0, max: 1 });
  const tasks = options.tasks ?? ['recommend', 'recommend-retrieval'];
  const random = new RandomStream(options.seed ?? 0).fork('instruction data');
  const usable = Array.from({ length: log.users.size }, (_, user) => user).filter(
    (user) => log.history(user).length >= 2,
  );
  if (usable.length === 0)
    throw new InvalidInputError({
      expected: 'users with at least two items',
      received: 'none',
      hint: 'Use data with histories.',
    });
  random.fork('users').shuffle(usable);
  const chosen = usable.slice(0, Math.max(1, Math.round(share * usable.length)));
  const tuned = new Uint8Array(log.users.size);
  for (const user of chosen) tuned[user] = 1;
  const similar = await similarItems(dataset, options.signal);
  const itemUsers = usersByItem(log);
  const samples: InstructionSample[] = [];
  for (const [at, user] of chosen.entries()) {
    throwIfCancelled(options.signal, 'making instruction data');
    const own = random.fork(`user ${log.users.idOf(user)}`);
    const history = [...log.history(user)];
    const filled =
      history.length < least
        ? [...threeHopItems(log, itemUsers, user, least - history.length).reverse(), ...history]
        : history;
    for (let k = 0; k < perUser; k++)
      for (const task of tasks) {
        // A cut somewhere in the newer half, so that there is a history on one side and a future on the other.
        const earliest = Math.max(1, Math.floor(filled.length / 2));
        const cut = k === 0 ? filled.length - 1 : earliest + own.integer(filled.length - earliest);
        const before = filled.slice(Math.max(0, cut - historyLength), cut);
        const labels = filled.slice(cut, cut + labelLength);
        for (let label = 0; label < labels.length; label++) {
          if (own.uniform() >= swap) continue;
          const other = own.integer(before.length);
          [before[other], labels[label]] = [labels[label] as number, before[other] as number];
        }
        samples.push({
          task,
          user,
          history: before,
          labels,
          candidates:
            task === 'recommend'
              ? []
              : candidateList(before, labels, candidateLength, similar, log.items.size, own),
        });
      }
    if (at % 200 === 0)
      options.onProgress?.({ phase: 'make instruction data', done: at + 1, total: chosen.length });
  }
  return { samples, tuned };
}

/** Labels and similar items that are in neither part, in random order. */
function candidateList(
  history: readonly number[],
  labels: readonly number[],
  length: number,
  similar: readonly (readonly number[])[],
  items: number,
  random: RandomStream,
): number[] {
  const seen = new Set([...history, ...labels]);
  const pool = [...new Set([...labels, ...history].flatMap((item) => similar[item] ?? []))].filter(
    (item) => !seen.has(item),
  );
  const list = [...labels, ...random.shuffle(pool).slice(0, length - labels.length)];
  const within = new Set([...list, ...seen]);
  while (list.length < length && within.size < items) {
    const item = random.integer(items);
    if (within.has(item)) continue;
    within.add(item);
    list.push(item);
  }
  return random.shuffle(list);
}

/** For each item those that are watched by the same users, then those of the same genres. */
async function similarItems(dataset: Dataset, signal?: AbortSignal): Promise<readonly (readonly number[])[]> {
  const { log, catalog } = dataset;
  const neighbours = await ItemKnn.fit(dataset, { neighbours: NEIGHBOURS, ...(signal ? { signal } : {}) });
  const queries = Array.from({ length: log.items.size }, (_, item) => ({ history: [item] }));
  const lists = await neighbours.retrieve(queries, Math.min(NEIGHBOURS, Math.max(1, log.items.size - 1)));
  const genres = catalog.attributes.genres ?? catalog.attributes.categories;
  const byGenre = new Map<string, number[]>();
  for (const [item, value] of (genres ?? []).entries())
    for (const genre of Array.isArray(value) ? value : [])
      byGenre.set(genre, [...(byGenre.get(genre) ?? []), item]);
  return lists.map((list, item) => {
    const together = list.filter(({ score }) => score > 0).map((entry) => entry.item);
    if (together.length >= NEIGHBOURS / 2) return together;
    const value = genres?.[item];
    const alike = (Array.isArray(value) ? value : []).flatMap((genre) => byGenre.get(genre) ?? []);
    return [...new Set([...together, ...alike])].filter((other) => other !== item).slice(0, NEIGHBOURS);
  });
}
