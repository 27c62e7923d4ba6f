import type { Redis } from 'ioredis';
import { type CallLedger, type CallStart, checkLimits, type JobLimits } from './call-ledger.js';

/** Begins a call in one step: 1 costs, 2 answers, 3 spent, 4 calls of this second; arguments key, most, budget, rate. */
const BEGIN = `
local answer = redis.call('HGET', KEYS[2], ARGV[1])
if answer then return {'recorded', answer} end
local known = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1
local spent = tonumber(redis.call('GET', KEYS[3]) or '0')
if not known and ARGV[3] ~= '' and spent + tonumber(ARGV[2]) > tonumber(ARGV[3]) then return {'over', tostring(spent)} end
if ARGV[4] ~= '' then
  local time = redis.call('TIME')
  local held = redis.call('HMGET', KEYS[4], 'second', 'calls')
  local calls = 0
  if held[1] == time[1] then calls = tonumber(held[2]) end
  if calls >= tonumber(ARGV[4]) then return {'wait', tostring(1000 - math.floor(tonumber(time[2]) / 1000))} end
  redis.call('HSET', KEYS[4], 'second', time[1], 'calls', calls + 1)
end
if not known then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('INCRBYFLOAT', KEYS[3], ARGV[2])
end
return {'begun'}
`;

/** Settles a call: arguments key, cost, and its answer where there is one; without one its cost is given back. */
const SETTLE = `
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 0 end
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
redis.call('INCRBYFLOAT', KEYS[3], tostring(tonumber(ARGV[2]) - before))
if ARGV[3] then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
`;

/** The ledger of all workers on a Redis server. */
export class RedisCallLedger implements CallLedger {
  readonly #redis: Redis;
  readonly #keys: readonly string[];
  readonly #limits: JobLimits;

  constructor(redis: Redis, prefix: string, limits: JobLimits = {}) {
    this.#redis = redis;
    // One slot of a cluster.
    this.#keys = ['costs', 'answers', 'spent', 'calls'].map((name) => `{${prefix}}:paid:${name}`);
    this.#limits = checkLimits(limits);
  }

  async begin(key: string, most: number): Promise<CallStart> {
    const { budget, callsPerSecond } = this.#limits;
    const [kind, value = ''] = (await this.#redis.eval(
      BEGIN,
      4,
      ...this.#keys,
      key,
      String(most),
      budget === undefined ? '' : String(budget),
      callsPerSecond === undefined ? '' : String(callsPerSecond),
    )) as [string, string?];
    if (kind === 'recorded') return { kind, json: value };
    if (kind === 'over') return { kind, spent: Number(value), budget: budget ?? 0 };
    if (kind === 'wait') return { kind, milliseconds: Number(value) };
    return { kind: 'begun' };
  }

  async record(key: string, json: string, cost: number): Promise<void> {
    await this.#redis.eval(SETTLE, 4, ...this.#keys, key, String(cost), json);
  }

  async release(key: string): Promise<void> {
    await this.#redis.eval(SETTLE, 4, ...this.#keys, key, '0');
  }

  async spent(): Promise<number> {
    return Number((await this.#redis.get(this.#keys[2] as string)) ?? 0);
  }
}
