import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { InvalidInputError } from '@palate/core';

interface Key {
  readonly name: string;
  readonly hash: Buffer;
}

const LINE = /^([\w.@-]{1,100})\s+sha256:([0-9a-f]{64})$/;

const hashOf = (key: string): Buffer => createHash('sha256').update(key, 'utf8').digest();

/**
 * Keys of clients. The file holds hashes alone, one a line: `NAME sha256:HEX`; empty lines and those that begin with `#`
 * are passed over. Keys are long random texts, so that a fast hash is enough.
 */
export class ApiKeys {
  readonly #keys: readonly Key[];

  private constructor(keys: readonly Key[]) {
    this.#keys = keys;
  }

  /**
   * Reads a file of keys.
   *
   * @throws InvalidInputError if it cannot be read, holds none, or a line that is none; keys are never in the message
   */
  static async read(path: string): Promise<ApiKeys> {
    const text = await readFile(path, 'utf8').catch((cause: Error) => {
      throw new InvalidInputError({
        expected: `a file of API keys at ${path}`,
        received: cause.message,
        hint: 'Create one: palate api-key NAME --api-keys FILE.',
        cause,
      });
    });
    const keys: Key[] = [];
    for (const [k, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const [, name, hash] = LINE.exec(line.trim()) ?? [];
      if (name === undefined || hash === undefined)
        throw new InvalidInputError({
          expected: `line ${k + 1} of ${path} to be NAME sha256:HEX`,
          received: 'something else',
          hint: 'Write lines with palate api-key; the file never has the key itself.',
        });
      keys.push({ name, hash: Buffer.from(hash, 'hex') });
    }
    if (keys.length === 0)
      throw new InvalidInputError({
        expected: `at least one API key in ${path}`,
        received: 'none',
        hint: 'Create one: palate api-key NAME --api-keys FILE.',
      });
    return new ApiKeys(keys);
  }

  /** The name of a key's holder, or undefined. Takes as long for a wrong key as for a right one. */
  holderOf(key: string): string | undefined {
    const hash = hashOf(key);
    let holder: string | undefined;
    for (const each of this.#keys) if (timingSafeEqual(each.hash, hash)) holder = each.name;
    return holder;
  }
}

/**
 * Makes a key and keeps its hash in a file, which is made if missing.
 *
 * @returns the key, which is nowhere else
 */
export async function addApiKey(path: string, name: string): Promise<string> {
  if (!/^[\w.@-]{1,100}$/.test(name))
    throw new InvalidInputError({
      expected: 'a name of letters, digits and .@_-',
      received: JSON.stringify(name),
      hint: 'Name the client that gets the key, for example shop-frontend.',
    });
  const key = `palate_${randomBytes(32).toString('base64url')}`;
  const file = await open(path, 'a+', 0o600);
  try {
    const text = await file.readFile('utf8');
    const before = text === '' || text.endsWith('\n') ? '' : '\n';
    await file.appendFile(`${before}${name} sha256:${hashOf(key).toString('hex')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return key;
}
