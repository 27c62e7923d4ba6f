import { PalateError } from '@palate/core';
import { sizeOf, type Value } from './graph.js';
import { OrtSession, type OrtSessionOptions } from './ort-session.js';
import { encodePlan, outputName, type Plan } from './plan.js';

/** A session ready to run, with what the cache knows of it. */
export interface CachedSession {
  readonly session: OrtSession;
  readonly signature: Int32Array;
  /** Bytes of the intermediate tensors that are alive at once, at most. */
  readonly bytes: number;
  /** Order of last use. */
  used: number;
  /** A compiled step holds it: not evicted. */
  pinned: number;
}

/** Sessions by structural signature; the least recently used go when there are too many or they hold too much. */
export class SessionCache {
  readonly #byHash = new Map<number, CachedSession[]>();
  readonly #options: OrtSessionOptions;
  readonly #maxSessions: number;
  readonly #maxBytes: number;
  #count = 0;
  #bytes = 0;
  #clock = 0;
  /** Sessions built since the start. */
  built = 0;
  /** Plans served by a session that was there. */
  reused = 0;

  constructor(options: OrtSessionOptions, maxSessions: number, maxBytes: number) {
    this.#options = options;
    this.#maxSessions = maxSessions;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#count;
  }

  /** The session of a plan, built if needed. */
  get(plan: Plan): CachedSession {
    const bucket = this.#byHash.get(plan.hash);
    const known = bucket?.find((each) => sameWords(each.signature, plan.signature));
    if (known) {
      known.used = ++this.#clock;
      this.reused++;
      return known;
    }
    const bytes = peakBytes(plan);
    let session: OrtSession;
    try {
      session = new OrtSession(
        encodePlan(plan),
        plan.outputs.map((_, index) => outputName(index)),
        this.#options,
      );
    } catch (cause) {
      throw new PalateError('graph-rejected', {
        expected: 'a graph that ONNX Runtime accepts',
        received: cause instanceof Error ? cause.message : String(cause),
        hint: `Operations of the graph: ${operationsOf(plan)}.`,
        cause,
      });
    }
    const entry: CachedSession = {
      session,
      signature: plan.signature,
      bytes,
      used: ++this.#clock,
      pinned: 0,
    };
    if (bucket) bucket.push(entry);
    else this.#byHash.set(plan.hash, [entry]);
    this.built++;
    this.#count++;
    this.#bytes += bytes;
    while (this.#count > this.#maxSessions || (this.#bytes > this.#maxBytes && this.#count > 1))
      if (!this.#evict(entry)) break;
    return entry;
  }

  #evict(except: CachedSession): boolean {
    let oldest: CachedSession | undefined;
    let home = 0;
    for (const [hash, bucket] of this.#byHash)
      for (const entry of bucket)
        if (entry !== except && entry.pinned === 0 && (!oldest || entry.used < oldest.used)) {
          oldest = entry;
          home = hash;
        }
    if (!oldest) return false;
    const rest = (this.#byHash.get(home) ?? []).filter((entry) => entry !== oldest);
    if (rest.length === 0) this.#byHash.delete(home);
    else this.#byHash.set(home, rest);
    this.#count--;
    this.#bytes -= oldest.bytes;
    oldest.session.dispose();
    return true;
  }

  /** Frees every session. */
  dispose(): void {
    for (const bucket of this.#byHash.values()) for (const entry of bucket) entry.session.dispose();
    this.#byHash.clear();
    this.#count = 0;
    this.#bytes = 0;
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

/** The operations of a plan in order, shortened in the middle. */
function operationsOf(plan: Plan): string {
  const names = plan.nodes.map((node) => node.op);
  return names.length > 24
    ? `${names.slice(0, 12).join(', ')}, ... ${names.length - 24} more ..., ${names.slice(-12).join(', ')}`
    : names.join(', ');
}

function sameWords(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
