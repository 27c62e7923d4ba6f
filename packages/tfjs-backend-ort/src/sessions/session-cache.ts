/*
 * Terms: a *plan* is a numbered graph; a *session* is a plan that ONNX Runtime has made ready to run, on any numbers;
 * the *signature* is what two plans must have alike to share one; a session is *pinned* while a compiled step holds it.
 */

import type { DebugPrinter } from '../graph/debug.js';
import { sizeOf, type Value } from '../graph/graph.js';
import { encodePlan, outputName, type Plan } from '../graph/plan.js';
import type { OrtSessionOptions } from '../runtime/session-driver.js';
import { OrtSession } from './ort-session.js';

/** A session, with what the cache knows of it. */
export interface CachedSession {
  /** ONNX Runtime's own; none until the next run where it gave its memory back. */
  session: OrtSession | undefined;
  readonly model: Uint8Array;
  readonly outputs: number;
  readonly signature: Int32Array;
  /** Bytes of the intermediate tensors that are alive at once, at most. */
  readonly bytes: number;
  /** Those of them that it keeps between runs. */
  kept: number;
  /** How often it ran. */
  runs: number;
  /** Number under which `PALATE_DEBUG` prints it; 0 where it does not. */
  readonly number: number;
  /** Order of last use. */
  used: number;
  /** Compiled steps that hold it: evicted after those that none holds, and only for their bytes. */
  pinned: number;
  isDisposed: boolean;
}

/** Limits on the number of sessions of a cache and on the bytes that they hold. */
export interface SessionLimits {
  readonly maxSessions: number;
  /** Intermediate bytes of all sessions. */
  readonly maxSessionBytes: number;
  /** Intermediate bytes of those that keep them between runs. */
  readonly maxArenaBytes: number;
}

/** Runs after which a session is worth the memory that it keeps. */
const RUNS_OF_USE = 3;
/** Runs of others after which a session gives back what it keeps, where others want to keep theirs. */
const IDLE_RUNS = 64;
/** The system gives smaller tensors out of memory that the process has. */
const LEAST_KEPT = 2 ** 17;

/**
 * Sessions by structural signature; the least recently used go when there are too many or they hold too much.
 *
 * A session that runs again and again keeps the memory of its last run for the next one: the system's giving it anew takes
 * a quarter of a training step. Most sessions run a few times, and would only hold it.
 */
export class SessionCache {
  readonly #byHash = new Map<number, CachedSession[]>();
  readonly #options: OrtSessionOptions;
  readonly #maxSessions: number;
  readonly #maxBytes: number;
  readonly #maxKept: number;
  readonly #debug: DebugPrinter | undefined;
  #count = 0;
  #bytes = 0;
  #kept = 0;
  #clock = 0;
  /** Sessions built since the start. */
  built = 0;
  /** Plans served by a session that was there. */
  reused = 0;

  constructor(
    options: OrtSessionOptions,
    { maxSessions, maxSessionBytes, maxArenaBytes }: SessionLimits,
    debug?: DebugPrinter,
  ) {
    this.#options = options;
    this.#maxSessions = maxSessions;
    this.#maxBytes = maxSessionBytes;
    this.#maxKept = maxArenaBytes;
    this.#debug = debug;
  }

  get size(): number {
    return this.#count;
  }

  /** The session of a plan, built if needed; throws ONNX Runtime's own error if it refuses the graph. */
  get(plan: Plan): CachedSession {
    const bucket = this.#byHash.get(plan.hash);
    const known = bucket?.find((each) => sameWords(each.signature, plan.signature));
    if (known) {
      known.used = ++this.#clock;
      this.reused++;
      this.#debug?.reused(known.number);
      return known;
    }
    const bytes = peakBytes(plan);
    const model = encodePlan(plan);
    const session = this.#build(model, plan.outputs.length, false);
    const entry: CachedSession = {
      session,
      model,
      outputs: plan.outputs.length,
      signature: plan.signature,
      bytes,
      kept: 0,
      runs: 0,
      number: this.#debug?.built(session.runtime, model.length, bytes) ?? 0,
      used: ++this.#clock,
      pinned: 0,
      isDisposed: false,
    };
    if (bucket) bucket.push(entry);
    else this.#byHash.set(plan.hash, [entry]);
    this.built++;
    this.#count++;
    this.#bytes += bytes;
    while (this.#count > this.#maxSessions && this.#evict(entry, false));
    while (this.#bytes > this.#maxBytes && (this.#evict(entry, false) || this.#evict(entry, true)));
    return entry;
  }

  /** ONNX Runtime's session of an entry, for a run that begins now. */
  open(entry: CachedSession): OrtSession {
    entry.used = ++this.#clock;
    entry.runs++;
    const isWorthIt = entry.kept === 0 && entry.runs >= RUNS_OF_USE && entry.bytes >= LEAST_KEPT;
    if (isWorthIt && this.#makeRoom(entry.bytes)) {
      entry.session?.dispose();
      entry.session = undefined;
      entry.kept = entry.bytes;
      this.#kept += entry.bytes;
      this.#debug?.session(`session ${entry.number}: keeps its memory between runs`);
    }
    entry.session ??= this.#build(entry.model, entry.outputs, entry.kept > 0);
    return entry.session;
  }

  #build(model: Uint8Array, outputs: number, arena: boolean): OrtSession {
    const names = Array.from({ length: outputs }, (_, index) => outputName(index));
    return new OrtSession(model, names, { ...this.#options, arena });
  }

  /** Lets idle sessions give back what they keep; false where too much would be kept all the same. */
  #makeRoom(bytes: number): boolean {
    const idle = [...this.#byHash.values()]
      .flat()
      .filter(({ kept, used }) => kept > 0 && used < this.#clock - IDLE_RUNS)
      .sort((a, b) => a.used - b.used);
    const fits = (kept: number): boolean => kept === 0 || kept + bytes <= this.#maxKept;
    if (!fits(this.#kept - idle.reduce((sum, { kept }) => sum + kept, 0))) return false;
    for (const entry of idle) {
      if (fits(this.#kept)) break;
      this.#kept -= entry.kept;
      entry.kept = 0;
      entry.runs = 0;
      entry.session?.dispose();
      entry.session = undefined;
      this.#debug?.session(`session ${entry.number}: keeps none`);
    }
    return true;
  }

  #evict(except: CachedSession, evenPinned: boolean): boolean {
    let oldest: CachedSession | undefined;
    let home = 0;
    for (const [hash, bucket] of this.#byHash)
      for (const entry of bucket)
        if (entry !== except && (evenPinned || entry.pinned === 0) && (!oldest || entry.used < oldest.used)) {
          oldest = entry;
          home = hash;
        }
    if (!oldest) return false;
    const rest = (this.#byHash.get(home) ?? []).filter((entry) => entry !== oldest);
    if (rest.length === 0) this.#byHash.delete(home);
    else this.#byHash.set(home, rest);
    this.#count--;
    this.#bytes -= oldest.bytes;
    this.#kept -= oldest.kept;
    oldest.isDisposed = true;
    this.#debug?.session(`session ${oldest.number}: let go`);
    oldest.session?.dispose();
    return true;
  }

  /** Frees every session. */
  dispose(): void {
    for (const bucket of this.#byHash.values())
      for (const entry of bucket) {
        entry.isDisposed = true;
        entry.session?.dispose();
      }
    this.#byHash.clear();
    this.#count = 0;
    this.#bytes = 0;
    this.#kept = 0;
  }
}

/** The most bytes alive at once when nodes run in order and each value is freed after its last reader. */
function peakBytes(plan: Plan): number {
  const lastReader = new Map<Value, number>();
  plan.nodes.forEach((node, at) => {
    for (const input of node.inputs) if (input?.from === 'node') lastReader.set(input, at);
  });
  const freed: number[] = new Array(plan.nodes.length).fill(0);
  for (const [value, at] of lastReader) freed[at]! += 4 * value.size;
  let alive = 0;
  let peak = 0;
  plan.nodes.forEach((node, at) => {
    for (const output of node.outputs) alive += 4 * sizeOf(output.shape);
    peak = Math.max(peak, alive);
    alive -= freed[at]!;
  });
  return peak;
}

function sameWords(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
