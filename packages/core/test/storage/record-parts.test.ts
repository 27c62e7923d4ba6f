import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHeld, ownClaim } from '../../src/storage/claim-holder.js';
import { JsonLedger, ledgerLine, ledgerText } from '../../src/storage/json-ledger.js';
import { checksumOf, sealRecord, unsealRecord } from '../../src/storage/record-seal.js';

describe('a sealed record', () => {
  it('gives back key and value, and nothing once any bit of it has changed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array(), fc.nat(), (key, value, where) => {
        const sealed = sealRecord(key, value);
        const record = unsealRecord(sealed);
        expect(record?.key).toBe(key);
        expect(Uint8Array.from(record?.value ?? [])).toEqual(value);
        const bit = where % (8 * sealed.length);
        sealed[bit >> 3] = (sealed[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(unsealRecord(sealed)).toBeUndefined();
      }),
    );
  });

  it('has the checksum that zip files have', () => {
    // The check value of CRC-32/ISO-HDLC.
    expect(checksumOf('123456789')).toBe('cbf43926');
  });
});

describe('a ledger', () => {
  it('gives back its JSON, and none once a letter has changed', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (object, where) => {
        const json = JSON.stringify(object);
        const line = ledgerLine(json).trimEnd();
        expect(ledgerText(line)).toBe(json);
        expect(JSON.parse(line)).toMatchObject(JSON.parse(json));
        const at = where % line.length;
        const other = line[at] === 'x' ? 'y' : 'x';
        expect(ledgerText(line.slice(0, at) + other + line.slice(at + 1))).toBeUndefined();
        expect(ledgerText(line.slice(0, at))).toBeUndefined();
      }),
    );
  });

  it('goes on behind a line that was cut off', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'palate-ledger-')), 'a.jsonl');
    writeFileSync(path, '');
    await new JsonLedger(path).append(['{"a":1}']);
    appendFileSync(path, '{"a":2');
    const next = new JsonLedger(path);
    await next.append(['{"a":3}']);
    await next.append(['{"a":4}', '{}']);
    const found: string[] = [];
    expect(await next.read((text) => void found.push(text))).toEqual([2]);
    expect(found).toEqual(['{"a":1}', '{"a":3}', '{"a":4}', '{}']);
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
  });
});

describe('a claim', () => {
  it('is held by this process, and neither by one that has ended nor by one that had its number before', () => {
    const own = ownClaim('a');
    expect(isHeld(own)).toBe(true);
    // No process has a number this large.
    expect(isHeld({ ...own, pid: 2 ** 22 + 1 })).toBe(false);
    if (own.began !== undefined) expect(isHeld({ ...own, began: '1' })).toBe(false);
  });

  it('of another host is held for its time', () => {
    const other = { ...ownClaim('a'), host: 'another.example' };
    expect(isHeld(other)).toBe(true);
    expect(isHeld({ ...other, until: Date.now() - 1 })).toBe(false);
  });
});
