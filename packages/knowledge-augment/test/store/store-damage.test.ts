import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KnowledgeEntry, KnowledgeStore } from '@palate/core';
import { knowledgeEntry as entry } from '@palate/core/testing';
import fc from 'fast-check';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { compiledProgram } from '../../../../scripts/compiled-program.js';
import {
  exportKnowledge,
  importKnowledge,
  openKnowledgeStore,
  restoreKnowledgeStore,
} from '../../src/index.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'palate-damage-'));
async function entriesOf(store: KnowledgeStore, filter = {}): Promise<KnowledgeEntry[]> {
  const found: KnowledgeEntry[] = [];
  for await (const each of store.list(filter)) found.push(each);
  return found;
}
async function filled(path: string, entries: readonly KnowledgeEntry[]): Promise<void> {
  const store = openKnowledgeStore(path);
  for (const each of entries) await store.put([each]);
  await store.close();
}
/** Changes one letter of a stored text, which changes nothing that LMDB itself reads. */
function spoil(file: string, text: string): void {
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) bytes[at] = 0x58;
  writeFileSync(file, bytes);
}

const script = fileURLToPath(new URL('store-process.ts', import.meta.url));
const nodeArguments = ['--conditions=palate-source', `--import=${import.meta.resolve('tsx')}`, script];
interface Told {
  readonly stored: string[];
  readonly codes: string[];
  readonly listed: string[];
  readonly unhandled: string[];
}
const { NODE_PATH: _, ...env } = process.env;

describe('a damaged store', () => {
  const entries = ['alien', 'heat', 'jaws'].map((entity) => entry(entity));

  it('is refused by an error that says how to restore it, and nothing of it is changed', async () => {
    const path = join(folder(), 'store');
    await filled(path, entries);
    spoil(join(path, 'data.mdb'), 'text of heat');
    const before = readFileSync(join(path, 'data.mdb'));
    const store = openKnowledgeStore(path);
    await expect(store.get(entry('alien'))).rejects.toMatchObject({
      code: 'artifact',
      received: expect.stringContaining('checksum'),
      hint: expect.stringContaining('restoreKnowledgeStore'),
    });
    await expect(store.put([entry('new')])).rejects.toMatchObject({ code: 'artifact' });
    await store.close();
    expect(readFileSync(join(path, 'data.mdb')).equals(before)).toBe(true);
  });

  it('comes back from its ledger, and the old folder is kept as it was', async () => {
    const dir = folder();
    const path = join(dir, 'store');
    await filled(path, [...entries, entry('heat', { text: 'newer', facts: { n: 3 }, knowsUntil: 9 })]);
    spoil(join(path, 'data.mdb'), 'newer');
    const damaged = readFileSync(join(path, 'data.mdb'));
    const report = await restoreKnowledgeStore(path);
    expect(report).toMatchObject({ restored: 3, damagedLines: [] });
    expect(readFileSync(join(report.setAside as string, 'data.mdb')).equals(damaged)).toBe(true);
    expect(readdirSync(dir)).toHaveLength(2);
    const store = openKnowledgeStore(path);
    expect(await entriesOf(store)).toEqual([
      entry('alien'),
      entry('heat', { text: 'newer', facts: { n: 3 }, knowsUntil: 9 }),
      entry('jaws'),
    ]);
    await store.close();
    // The new store has a ledger of its own.
    expect((await restoreKnowledgeStore(path)).restored).toBe(3);
  });

  it('tells the lines of a ledger that are damaged or cut off, and restores the others', async () => {
    const path = join(folder(), 'store');
    await filled(path, entries);
    const ledger = join(path, 'entries.jsonl');
    spoil(ledger, 'text of alien');
    appendFileSync(ledger, '{"entityType":"item","entity":"cut');
    expect(await restoreKnowledgeStore(path)).toMatchObject({ restored: 2, damagedLines: [1, 4] });
    // What a kill has cut off does not spoil what is stored next.
    appendFileSync(ledger, '{"entityType":"item","entity":"cut');
    await filled(path, [entry('ran')]);
    expect(await restoreKnowledgeStore(path)).toMatchObject({ restored: 3, damagedLines: [3] });
  });

  it('without a ledger is left as it is', async () => {
    const path = join(folder(), 'store');
    await filled(path, entries);
    rmSync(join(path, 'entries.jsonl'));
    await expect(restoreKnowledgeStore(path)).rejects.toMatchObject({ code: 'artifact' });
    const store = openKnowledgeStore(path);
    expect(await entriesOf(store)).toHaveLength(3);
    await store.close();
  });

  it('is a folder with something else, too: nothing in it is touched', async () => {
    const path = folder();
    writeFileSync(join(path, 'data.mdb'), 'a thesis, not a database '.repeat(400));
    const store = openKnowledgeStore(path);
    await expect(store.get(entry('a'))).rejects.toMatchObject({ code: 'artifact' });
    await store.close();
    expect(readdirSync(path)).toEqual(['data.mdb']);
  });
});

describe('a store that cannot be written', () => {
  it('fails with a typed error at a limit of size, and keeps what it had stored', async () => {
    const path = join(folder(), 'store');
    const program = await compiledProgram(script);
    const command = [process.execPath, program, path, '3000'].map((each) => `'${each}'`).join(' ');
    // Blocks of 512 or of 1,024 bytes, as the shell has it.
    const output = execFileSync('sh', ['-c', `ulimit -f 700; exec ${command}`], { env, encoding: 'utf8' });
    const told = JSON.parse(output) as Told;
    expect(told.codes).toEqual(['store-full', 'store-full', 'store-full']);
    expect(told.unhandled).toEqual([]);
    expect(told.stored.length).toBeGreaterThan(20);
    expect(told.listed.sort()).toEqual(told.stored.sort());
    const store = openKnowledgeStore(path);
    expect((await entriesOf(store)).map(({ entity }) => entity).sort()).toEqual(told.stored);
    await store.put([entry('more')]);
    await store.close();
  });

  it('can be read in a folder without permission to write', async () => {
    // Open to everybody, as the folder of the other tests is not.
    const dir = mkdtempSync('/tmp/palate-read-only-');
    const path = join(dir, 'store');
    await filled(path, [entry('alien'), entry('heat')]);
    for (const [name, mode] of [
      ['data.mdb', 0o444],
      ['lock.mdb', 0o444],
      ['entries.jsonl', 0o444],
      ['', 0o555],
    ] as const)
      chmodSync(join(path, name), mode);
    chmodSync(dir, 0o755);
    // Permissions bind everybody but root.
    const someone = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const run = spawnSync(process.execPath, [...nodeArguments, path, '1'], {
      env: { ...env, TMPDIR: '/tmp', HOME: '/tmp' },
      encoding: 'utf8',
      ...someone,
    });
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual({
      stored: [],
      codes: ['store-read-only'],
      listed: ['alien', 'heat'],
      unhandled: [],
    });
    chmodSync(path, 0o755);
    rmSync(dir, { recursive: true });
  });

  it('fails with a typed error after it was closed', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    await store.put([entry('a')]);
    await store.close();
    await expect(store.get(entry('a'))).rejects.toMatchObject({ code: 'store-closed' });
    await store.close();
  });
});

describe('what a store keeps', () => {
  it('lists every id, in the order of code points, those beyond U+FFFF included', async () => {
    const ids = [
      'z',
      '\u00e9',
      '\u6771',
      '\uffff',
      '\u{10000}',
      '\u{1f600}',
      '\u{10ffff}',
      '\ud800',
      '"',
      '\\',
    ];
    const path = join(folder(), 'store');
    const store = openKnowledgeStore(path);
    await store.put(ids.map((id) => entry(id)));
    const listed = (await entriesOf(store, { entityType: 'item', kind: 'infer' })).map(
      ({ entity }) => entity,
    );
    expect([...listed].sort()).toEqual([...ids].sort());
    const whole = listed.filter((id) => id !== '\ud800').map((id) => id.codePointAt(0) as number);
    expect(whole).toEqual([...whole].sort((a, b) => a - b));
    const file = join(path, 'all.jsonl');
    expect(await exportKnowledge(store, file)).toBe(ids.length);
    const other = openKnowledgeStore(join(folder(), 'store'));
    expect(await importKnowledge(other, file)).toBe(ids.length);
    expect(await entriesOf(other)).toEqual(await entriesOf(store));
    await store.close();
    await other.close();
  });

  it('keeps any entry as it was given, under any key, by get, list and restoring', async () => {
    const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
    const entries = fc.uniqueArray(
      fc.record({
        entityType: fc.constantFrom('item' as const, 'user' as const),
        entity: word,
        kind: fc.constantFrom('infer', 'tag', '\u{1f3ac}'),
        promptVersion: fc.constantFrom('1', '2'),
        model: fc.constantFrom('m', 'M:\u0000'),
        text: fc.string({ unit: 'binary', maxLength: 2000 }),
        createdAt: fc.integer({ min: 0 }),
        facts: fc.dictionary(word, fc.jsonValue({ noNegativeZero: true } as never)),
        knowsUntil: fc.integer(),
      }),
      {
        minLength: 1,
        maxLength: 8,
        selector: (e) => [e.entityType, e.kind, e.promptVersion, e.model, e.entity].join(),
      },
    );
    await fc.assert(
      fc.asyncProperty(entries, async (given) => {
        const path = join(folder(), 'store');
        const store = openKnowledgeStore(path);
        await store.put(given);
        const plain = given.map((each) => JSON.parse(JSON.stringify(each)) as KnowledgeEntry);
        for (const each of plain) expect(await store.get(each)).toEqual(each);
        const bySort = (list: readonly KnowledgeEntry[]): string[] =>
          list.map((e) => JSON.stringify(e)).sort();
        expect(bySort(await entriesOf(store))).toEqual(bySort(plain));
        await store.close();
        expect((await restoreKnowledgeStore(path)).restored).toBe(given.length);
      }),
      { numRuns: 6, seed: 18 },
    );
  });

  it('refuses facts that JSON would lose', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    await expect(store.put([entry('a', { facts: { confidence: Number.NaN } })])).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect(await entriesOf(store)).toEqual([]);
    await store.close();
  });

  it('reads entries from before there were checksums, and takes them into its ledger', async () => {
    const path = join(folder(), 'store');
    const old = open<unknown, string[]>({ path, compression: true });
    for (const entity of ['alien', 'heat'])
      await old.put(['item', 'infer', '1', 'm', entity], entry(entity, { text: `${entity} `.repeat(400) }));
    await old.close();
    const store = openKnowledgeStore(path);
    expect(await store.get(entry('heat'))).toEqual(entry('heat', { text: 'heat '.repeat(400) }));
    await store.put([entry('jaws')]);
    await store.close();
    expect(await restoreKnowledgeStore(path)).toMatchObject({ restored: 3, damagedLines: [] });
  });
});
