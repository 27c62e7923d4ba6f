import {
  checkNumber,
  defineOptions,
  historyEnds,
  type InteractionLog,
  InvalidInputError,
  type OptionsOf,
  option,
  RandomStream,
} from '@palate/core';
import type { NearColdStartUser } from './preferences.js';

/** Statement of a user, made of the user's early history. */
export interface RecordedPreference {
  readonly user: string;
  /** The writer saw the first `n` of the user's interactions. */
  readonly n: number;
  readonly likes: string;
  readonly dislikes: string;
}

/** Options of {@link proxyStudy}. */
export const PROXY_STUDY = defineOptions(
  'proxyStudy',
  {
    liked: option.number().required({ doc: 'rating from which an item counts as liked' }),
    told: option.integer({ min: 1 })({ default: 5, doc: 'number of liked items given to a system' }),
    leastPool: option.integer({ min: 1 })({ default: 10, doc: 'least items of a pool' }),
    mostPool: option.integer({ min: 1 })({
      default: 40,
      doc: 'most items of a pool, drawn at random; no fewer than `leastPool`',
    }),
    users: option.integer({ min: 1 }).optional({ doc: 'most users; all if left out' }),
    seed: option.integer()({ default: 0, doc: 'seed of the draws' }),
  },
  [],
);

/** Options of {@link proxyStudy}; {@link PROXY_STUDY} says what each does. */
export type ProxyStudyOptions = OptionsOf<typeof PROXY_STUDY.declarations>;

/**
 * A near-cold-start study made of real histories: of each user some liked items of the early history and a recorded
 * profile of it are what the user tells, and the films rated later are the pool.
 *
 * This is a proxy: nobody was asked. The users chose the pool's items themselves, so that most are liked, and the
 * profile is a language model's reading of ratings, not the user's own words. Results rank methods; they are no evidence
 * for what people say of themselves.
 *
 * @throws InvalidInputError if the log has no ratings or no user qualifies
 */
export function proxyStudy(
  log: InteractionLog,
  recorded: readonly RecordedPreference[],
  options: ProxyStudyOptions,
): NearColdStartUser[] {
  const settings = PROXY_STUDY.settings(options);
  const { told, leastPool, mostPool } = settings;
  checkNumber('mostPool', mostPool, { min: leastPool });
  const { rating } = log;
  if (!rating)
    throw new InvalidInputError({
      expected: 'a log with ratings',
      received: 'none',
      hint: 'Load the ratings with the data: the pool’s grades come from them.',
    });
  const random = new RandomStream(settings.seed).fork('near cold start');
  const { offsets, row } = log.byUser();
  const ends = historyEnds(log);
  const users: NearColdStartUser[] = [];
  for (const { user, n, likes, dislikes } of recorded) {
    const index = log.users.find(user);
    if (index === undefined) continue;
    const start = offsets[index]!;
    const rows = Array.from(row.subarray(start, offsets[index + 1]!));
    const early = rows.slice(0, n);
    const item = (r: number): number => log.item[r]!;
    const liked = early.filter((r) => rating[r]! >= settings.liked).map(item);
    const disliked = early.filter((r) => rating[r]! < settings.liked - 2).map(item);
    const known = new Set(early.map(item));
    // A rating in the same second as the last one that the writer saw is not a later one.
    const before = new Map(rows.map((r, at) => [r, ends[start + at]! - start]));
    const later = rows.filter((r) => (before.get(r) ?? 0) >= n && !known.has(item(r)));
    if (liked.length < told || later.length < leastPool) continue;
    const own = random.fork(user);
    users.push({
      user,
      preferences: { likedItems: liked.slice(-told), dislikedItems: disliked.slice(-told), likes, dislikes },
      pool: own
        .shuffle(later)
        .slice(0, mostPool)
        .map((r) => ({
          item: item(r),
          rating: rating[r]!,
          source: 'rated later',
          seen: true,
          position: before.get(r),
          timestamp: log.timeUnit === 'seconds' ? log.timestamp[r] : undefined,
        })),
    });
  }
  if (users.length === 0)
    throw new InvalidInputError({
      expected: `users with ${told} liked items first and ${leastPool} items rated later`,
      received: 'none',
      hint: 'Lower what is asked for, or use longer histories.',
    });
  return settings.users === undefined ? users : random.fork('users').shuffle(users).slice(0, settings.users);
}

/** The log without the users of a study: what baselines may be fitted on. */
export function withoutStudyUsers(log: InteractionLog, study: readonly NearColdStartUser[]): InteractionLog {
  const theirs = new Set(study.map(({ user }) => log.users.indexOf(user)));
  return log.select(
    Int32Array.from({ length: log.length }, (_, r) => r).filter((r) => !theirs.has(log.user[r]!)),
  );
}
