import {
  type Dataset,
  defineOptions,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  RandomStream,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { ItemKnn } from '@palate/retrievers';
import { genreField } from '../descriptive-fields.js';
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

const TASKS: readonly InstructionTask[] = ['recommend', 'recommend-retrieval'];

/** Options of the instruction data that a ranker tuned on it shares. */
export const SAMPLING = {
  tasks: option.list(
    option.choice(TASKS),
    1,
  )({
    default: TASKS,
    doc: "`['recommend']` is the paper's v1, both its v2",
  }),
  userShare: option.number({ min: 0, max: 1 })({
    default: 0.2,
    doc: 'share of the users whose histories are used, so that the others can be tested as new',
  }),
  perUser: option.integer({ min: 1, max: 10_000 })({
    default: 4,
    doc: 'examples drawn from a user for each task: different cuts of the history',
  }),
  leastHistory: option.integer({ min: 0, max: 1000 })({
    default: 6,
    doc: 'shorter histories are filled up to this many items by 3-hop affinity; the added items come first',
  }),
  swap: option.number({ min: 0, max: 1 })({
    default: 0.1,
    doc: 'chance that an item of the history and a label are swapped, to vary the examples',
  }),
} as const;

/** Options of {@link instructionData}. */
export const INSTRUCTION_DATA = defineOptions('instructionData', {
  ...SAMPLING,
  historyLength: option.integer({ min: 1, max: 10_000 })({ default: 20, doc: 'most items of a history' }),
  labelLength: option.integer({ min: 1, max: 10_000 })({ default: 10, doc: 'most labels' }),
  candidateLength: option.integer({ min: 1, max: 100_000 })({
    default: 50,
    doc: 'candidates of a list, labels included',
  }),
});

/** Options of {@link instructionData}; {@link INSTRUCTION_DATA} says what each does. */
export type InstructionDataOptions = OptionsOf<typeof INSTRUCTION_DATA.declarations> & LongCallOptions;

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
 * genre), shuffled, so that their position says nothing. Short histories are filled up by 3-hop affinity of what they hold,
 * in front of the user's own items, of which there is always one; labels are the user's own, never what was filled in.
 * Own items are swapped between the sides at random.
 *
 * Costs a sort of each user's neighbourhood and a pass over the genres; nothing grows with the square of a genre.
 *
 * @throws InvalidInputError for options out of bounds, or if no user has two items
 */
export async function instructionData(
  dataset: Dataset,
  options: InstructionDataOptions = {},
): Promise<InstructionData> {
  const settings = INSTRUCTION_DATA.settings(options);
  const { userShare: share, historyLength, labelLength, candidateLength } = settings;
  const { perUser, leastHistory: least, swap, tasks } = settings;
  if (candidateLength < labelLength)
    throw new InvalidInputError({
      expected: `candidateLength of at least labelLength, ${labelLength}`,
      received: String(candidateLength),
      hint: 'Labels are among the candidates: use more candidates, or fewer labels.',
    });
  const { log } = dataset;
  const random = new RandomStream(options.seed ?? 0).fork('instruction data');
  const usable = Array.from({ length: log.users.size }, (_, user) => user).filter(
    (user) => log.history(user).length >= 2,
  );
  if (usable.length === 0)
    throw new InvalidInputError({
      expected: 'users with at least two items',
      received: 'none',
      hint: 'Fit on data in which users have histories: a filter or a split may have removed them all.',
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
    const fillings = new Map<number, readonly number[]>();
    for (let k = 0; k < perUser; k++)
      for (const task of tasks) {
        // A cut somewhere in the newer half, so that there is a history on one side and a future on the other.
        const earliest = Math.max(1, Math.floor(history.length / 2));
        const cut = k === 0 ? history.length - 1 : earliest + own.integer(history.length - earliest);
        const known = history.slice(Math.max(0, cut - historyLength), cut);
        const labels = history.slice(cut, cut + labelLength);
        // Fields are filled from the known history, not from the items to be predicted.
        const missing = Math.min(least, historyLength) - known.length;
        const filled =
          fillings.get(cut) ??
          (missing > 0 ? threeHopItems(log, itemUsers, user, known, missing).reverse() : []);
        fillings.set(cut, filled);
        for (let label = 0; label < labels.length; label++) {
          if (own.uniform() >= swap) continue;
          const other = own.integer(known.length);
          [known[other], labels[label]] = [labels[label] as number, known[other] as number];
        }
        const before = [...filled, ...known];
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
  const neighbours = await ItemKnn.fit(dataset, { neighbours: NEIGHBOURS, signal });
  const genres = catalog.attributes[genreField(catalog) ?? ''];
  const genresOf = (item: number): readonly string[] => {
    const value = genres?.[item];
    return Array.isArray(value) ? value : [];
  };
  const byGenre = new Map<string, number[]>();
  for (let item = 0; item < log.items.size; item++)
    for (const genre of genresOf(item)) {
      const members = byGenre.get(genre);
      if (members) members.push(item);
      else byGenre.set(genre, [item]);
    }
  const starts = new Map<string, number>();
  const similar: number[][] = [];
  for (let item = 0; item < log.items.size; item++) {
    if (item % 4096 === 4095) await yieldToEventLoop(signal, 'making instruction data');
    const found = new Set(neighbours.votes(item, NEIGHBOURS).map((vote) => vote.item));
    if (found.size < NEIGHBOURS / 2)
      for (const genre of genresOf(item)) {
        // Members of a genre take turns, so that its first ones are not in every list.
        const members = byGenre.get(genre) as number[];
        const start = starts.get(genre) ?? 0;
        const most = Math.min(members.length, NEIGHBOURS - found.size + 1);
        for (let k = 0; k < most && found.size < NEIGHBOURS; k++) {
          const other = members[(start + k) % members.length] as number;
          if (other !== item) found.add(other);
        }
        starts.set(genre, (start + most) % members.length);
      }
    similar.push([...found]);
  }
  return similar;
}
