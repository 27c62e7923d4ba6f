import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlainSha256, sha256 } from '../src/basics/sha256.js';

test('the examples of FIPS 180-4 have their published hashes', () => {
  for (const start of [sha256, () => new PlainSha256()]) {
    expect(start().update('abc').digest()).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(start().digest()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(start().update('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq').digest()).toBe(
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    );
  }
});

test('in any pieces, of bytes and of texts, it is the hash of Node', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 80 })), {
        maxLength: 8,
      }),
      (pieces) => {
        const node = createHash('sha256');
        const plain = new PlainSha256();
        for (const piece of pieces) {
          node.update(piece);
          plain.update(piece);
        }
        expect(plain.digest()).toBe(node.digest('hex'));
      },
    ),
  );
});
