/** A SHA-256 that is computed piece by piece. */
export interface Sha256 {
  /** Takes in bytes, or a text as UTF-8. */
  update(piece: Uint8Array | string): Sha256;
  /** The hash as 64 hexadecimal digits; once. */
  digest(): string;
}

/**
 * Starts a SHA-256: Node's own where it is there, which reads gigabytes in seconds, else one in JavaScript, so that logs and
 * options can be told apart in a browser, too. Node's module is asked for when it is needed: a bundle for browsers holds no
 * import of it.
 */
export function sha256(): Sha256 {
  const crypto = globalThis.process?.getBuiltinModule?.('node:crypto');
  if (!crypto) return new PlainSha256();
  const hash = crypto.createHash('sha256');
  const own: Sha256 = {
    update: (piece) => {
      hash.update(piece);
      return own;
    },
    digest: () => hash.digest('hex'),
  };
  return own;
}

/** Fractional parts of the roots of the first primes, 32 bits of each (FIPS 180-4, sections 4.2.2 and 5.3.3). */
function primeRoots(count: number, root: (prime: number) => number): Uint32Array {
  const found = new Uint32Array(count);
  let n = 0;
  for (let prime = 2; n < count; prime++) {
    let isPrime = true;
    for (let k = 2; k * k <= prime; k++) if (prime % k === 0) isPrime = false;
    if (isPrime) found[n++] = (root(prime) % 1) * 2 ** 32;
  }
  return found;
}

const ROUNDS = 64;
const BLOCK = 64;
const CONSTANTS = primeRoots(ROUNDS, Math.cbrt);

/** SHA-256 in JavaScript (FIPS 180-4). */
export class PlainSha256 implements Sha256 {
  readonly #state = primeRoots(8, Math.sqrt);
  readonly #words = new Uint32Array(ROUNDS);
  readonly #block = new Uint8Array(BLOCK);
  readonly #view = new DataView(this.#block.buffer);
  #filled = 0;
  #bytes = 0;

  update(piece: Uint8Array | string): Sha256 {
    const bytes = typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const taken = bytes.subarray(at, at + BLOCK - this.#filled);
      this.#block.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === BLOCK) this.#mix();
    }
    return this;
  }

  digest(): string {
    const bits = this.#bytes * 8;
    this.#block[this.#filled++] = 0x80;
    this.#block.fill(0, this.#filled);
    if (this.#filled > BLOCK - 8) {
      this.#mix();
      this.#block.fill(0);
    }
    this.#view.setUint32(BLOCK - 8, Math.floor(bits / 2 ** 32));
    this.#view.setUint32(BLOCK - 4, bits % 2 ** 32);
    this.#mix();
    return Array.from(this.#state, (word) => word.toString(16).padStart(8, '0')).join('');
  }

  /** Mixes a full block into the state. */
  #mix(): void {
    const w = this.#words;
    for (let t = 0; t < 16; t++) w[t] = this.#view.getUint32(4 * t);
    for (let t = 16; t < ROUNDS; t++) {
      const early = w[t - 15]!;
      const late = w[t - 2]!;
      const sigma0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
      const sigma1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
      w[t] = w[t - 16]! + sigma0 + w[t - 7]! + sigma1;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = this.#state;
    for (let t = 0; t < ROUNDS; t++) {
      const sum1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const chosen = (e & f) ^ (~e & g);
      const first = (h + sum1 + chosen + CONSTANTS[t]! + w[t]!) | 0;
      const sum0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + sum0 + majority) | 0;
    }
    for (const [k, word] of [a, b, c, d, e, f, g, h].entries()) this.#state[k] = this.#state[k]! + word;
    this.#filled = 0;
  }
}

const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by));
