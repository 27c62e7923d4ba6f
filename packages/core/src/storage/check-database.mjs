// @ts-check
// Run as a process of its own, before anybody maps an LMDB file: walks every page that the newest snapshot uses, then
// reads every record through the driver. What it finds goes to standard output as one line of JSON. It is JavaScript,
// so that Node runs it from the sources and from the build alike.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';

const META_PAGES = 2;
const HEADER = 24;
const NODE = 8;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const BIG_DATA = 1;
const MAGIC = 0xbeefc0de;
/** Marks a record with a checksum; see record-seal.ts. */
const SEAL = 0x31544c50;

class Damage extends Error {}

/** @param {unknown} condition @param {string} what @returns {asserts condition} */
function must(condition, what) {
  if (!condition) throw new Damage(what);
}

/** @typedef {{ depth: number, flags: number, branches: number, leaves: number, overflows: number, entries: number, root: bigint }} Tree */
/** @typedef {{ pageSize: number, lastPage: number, txn: bigint, trees: [Tree, Tree] }} Meta */

/** @param {number} file @param {number} at @param {number} length */
function bytesAt(file, at, length) {
  const bytes = Buffer.alloc(length);
  must(readSync(file, bytes, 0, length, at) === length, `the file ends before byte ${at + length}`);
  return bytes;
}

/** @param {Buffer} bytes @param {number} at */
function numberAt(bytes, at) {
  const value = bytes.readBigUInt64LE(at);
  must(value < 2n ** 48n, 'a number that is too large');
  return Number(value);
}

/** @param {Buffer} bytes @param {number} at @returns {Tree} */
function treeAt(bytes, at) {
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branches: numberAt(bytes, at + 8),
    leaves: numberAt(bytes, at + 16),
    overflows: numberAt(bytes, at + 24),
    entries: numberAt(bytes, at + 32),
    root: bytes.readBigUInt64LE(at + 40),
  };
}

/** @param {number} file @returns {Meta} */
function newestMeta(file) {
  const first = bytesAt(file, 0, HEADER + 136);
  const pageSize = first.readUInt32LE(HEADER + 24);
  must(pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0, 'a head without page size');
  const metas = [first, bytesAt(file, pageSize, HEADER + 136)].map((bytes) => {
    must(bytes.readUInt32LE(HEADER) === MAGIC, 'a head that is not one of LMDB');
    must((bytes.readUInt32LE(HEADER + 4) & 0xffff) === 2, 'another format version than 2');
    must(bytes.readUInt16LE(18) === 8, 'a head page without its mark');
    must(bytes.readUInt32LE(HEADER + 24) === pageSize, 'heads that differ in page size');
    must(bytes.readBigUInt64LE(HEADER + 8) === 0n, 'a head with a fixed address');
    const meta = {
      pageSize,
      lastPage: numberAt(bytes, HEADER + 120),
      txn: bytes.readBigUInt64LE(HEADER + 128),
      trees: /** @type {[Tree, Tree]} */ ([treeAt(bytes, HEADER + 24), treeAt(bytes, HEADER + 72)]),
    };
    const mapped = numberAt(bytes, HEADER + 16);
    must(mapped < 2 ** 44, 'a head with an impossible size');
    return meta;
  });
  const [a, b] = /** @type {[Meta, Meta]} */ (metas);
  must(a.txn === 0n || a.txn % 2n === 0n, 'heads in the wrong order');
  must(b.txn === 0n || b.txn % 2n === 1n, 'heads in the wrong order');
  const distance = a.txn > b.txn ? a.txn - b.txn : b.txn - a.txn;
  must(distance <= 1n, 'heads that do not follow each other');
  return a.txn > b.txn ? a : b;
}

/** Walks both trees of a snapshot: pages in use, and lists of free pages. */
class Walk {
  /** @param {number} file @param {Meta} meta @param {number} size */
  constructor(file, meta, size) {
    this.file = file;
    this.meta = meta;
    this.size = size;
    must(meta.lastPage * meta.pageSize < size + 2 ** 40, 'more pages than a file can have');
    must(meta.lastPage < 2 ** 31, 'more pages than this check counts');
    this.used = new Uint8Array(Math.floor(size / meta.pageSize) + 1);
    /** @type {Buffer[]} */
    this.freeLists = [];
  }

  /** @param {bigint} page @param {number} count */
  use(page, count) {
    const { pageSize, lastPage } = this.meta;
    must(page >= BigInt(META_PAGES) && page + BigInt(count) - 1n <= BigInt(lastPage), `page ${page} of none`);
    const from = Number(page);
    must((from + count) * pageSize <= this.size, `page ${page} behind the end of the file`);
    for (let at = from; at < from + count; at++) {
      must(this.used[at] === 0, `page ${at} in two places`);
      this.used[at] = 1;
    }
    return from;
  }

  /** @param {Tree} tree @param {boolean} free */
  tree(tree, free) {
    // Keys that are numbers, and the driver's mark of a commit that was not yet flushed.
    must(free ? (tree.flags & ~0x1000) === 8 : tree.flags === 0, 'a tree of unknown kind');
    const seen = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
    if (tree.root === 2n ** 64n - 1n) must(tree.depth === 0, 'a tree without its root');
    else {
      must(tree.depth > 0 && tree.depth < 32, 'a tree of impossible depth');
      this.page(tree.root, 1, tree, free, seen, undefined, undefined);
    }
    for (const name of /** @type {const} */ (['branches', 'leaves', 'overflows', 'entries']))
      must(seen[name] === tree[name], `${seen[name]} ${name} where ${tree[name]} are counted`);
  }

  /**
   * @param {bigint} number @param {number} depth @param {Tree} tree @param {boolean} free
   * @param {{ branches: number, leaves: number, overflows: number, entries: number }} seen
   * @param {Buffer | undefined} low @param {Buffer | undefined} high
   */
  page(number, depth, tree, free, seen, low, high) {
    const { pageSize, txn } = this.meta;
    const at = this.use(number, 1);
    const page = bytesAt(this.file, at * pageSize, pageSize);
    const where = `page ${at}`;
    must(page.readBigUInt64LE(0) === number, `${where} under another number`);
    must(page.readBigUInt64LE(8) <= txn, `${where} of a later time`);
    const isLeaf = depth === tree.depth;
    must(page.readUInt16LE(18) === (isLeaf ? LEAF : BRANCH), `${where} of another kind`);
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const room = pageSize - HEADER;
    must(lower % 2 === 0 && lower <= upper && upper <= room, `${where} with wrong bounds`);
    const count = lower >> 1;
    must(count >= (isLeaf ? 1 : 2), `${where} without nodes`);
    if (isLeaf) seen.leaves++;
    else seen.branches++;
    let taken = 0;
    let before = low;
    /** @type {{ key: Buffer | undefined, child: bigint }[]} */
    const children = [];
    for (let k = 0; k < count; k++) {
      const offset = page.readUInt16LE(HEADER + 2 * k);
      must(offset >= upper && offset + NODE <= room, `${where} with a node outside it`);
      const node = HEADER + offset;
      const flags = page.readUInt16LE(node + 4);
      const keySize = page.readUInt16LE(node + 6);
      must(offset + NODE + keySize <= room, `${where} with a key outside it`);
      const key = page.subarray(node + NODE, node + NODE + keySize);
      if (isLeaf || k > 0) {
        must(keySize > 0 && (!free || keySize === 8), `${where} with a key of no length`);
        // A leaf's first key may equal the bound of its branch; every other one comes after the one before it.
        const order = before === undefined ? 1 : compareKeys(key, before, free);
        must(isLeaf && k === 0 ? order >= 0 : order > 0, `${where} with keys out of order`);
        must(high === undefined || compareKeys(key, high, free) < 0, `${where} with a key of another page`);
        before = key;
      }
      const low32 = page.readUInt16LE(node) + page.readUInt16LE(node + 2) * 65536;
      let inside = 0;
      if (isLeaf) {
        must(flags === 0 || flags === BIG_DATA, `${where} with a record of unknown kind`);
        seen.entries++;
        const start = node + NODE + keySize;
        inside = flags === BIG_DATA ? 24 : low32;
        must(offset + NODE + keySize + inside <= room, `${where} with a record outside it`);
        if (flags === BIG_DATA) seen.overflows += this.overflow(page, start, low32, where, free);
        else if (free) this.freeLists.push(Buffer.from(page.subarray(start, start + low32)));
      } else
        children.push({
          key: k === 0 ? low : Buffer.from(key),
          child: BigInt(low32) + (BigInt(flags) << 32n),
        });
      taken += (NODE + keySize + inside + 1) & ~1;
    }
    must(taken <= room - upper, `${where} with nodes that overlap`);
    for (const [k, { key, child }] of children.entries())
      this.page(child, depth + 1, tree, free, seen, key, children[k + 1]?.key ?? high);
  }

  /** @param {Buffer} page @param {number} start @param {number} length @param {string} where @param {boolean} free */
  overflow(page, start, length, where, free) {
    const { pageSize } = this.meta;
    const pages = Math.floor((HEADER - 1 + length) / pageSize) + 1;
    must(page.readBigUInt64LE(start + 16) === BigInt(pages), `${where} with a record of another size`);
    const number = page.readBigUInt64LE(start);
    const at = this.use(number, pages);
    const head = bytesAt(this.file, at * pageSize, HEADER);
    must(head.readBigUInt64LE(0) === number, `page ${at} under another number`);
    must(head.readUInt16LE(18) === OVERFLOW, `page ${at} of another kind`);
    must(head.readUInt32LE(20) === pages, `page ${at} of another length`);
    if (free) this.freeLists.push(bytesAt(this.file, at * pageSize + HEADER, length));
    return pages;
  }

  /** Lists hold page numbers, and blocks as a negative length before their first page; 0 is an empty slot. */
  checkFreeLists() {
    for (const list of this.freeLists) {
      must(list.length >= 8, 'a list of free pages without length');
      const count = numberAt(list, 0);
      must((count + 1) * 8 <= list.length, 'a list of free pages of another length');
      for (let k = 1; k <= count; k++) {
        let value = list.readBigInt64LE(8 * k);
        let pages = 1n;
        if (value < 0n) {
          pages = -value;
          must(k < count, 'a block of free pages without start');
          value = list.readBigInt64LE(8 * ++k);
          must(value > 0n, 'a block of free pages without start');
        }
        if (value === 0n) continue;
        must(
          value >= BigInt(META_PAGES) && value + pages - 1n <= BigInt(this.meta.lastPage),
          'a free page that the file does not have',
        );
        for (let at = Number(value); at < Number(value + pages); at++)
          must(at >= this.used.length || this.used[at] === 0, `page ${at} both free and in use`);
      }
    }
  }
}

/** @param {Buffer} a @param {Buffer} b @param {boolean} asNumbers */
function compareKeys(a, b, asNumbers) {
  if (!asNumbers) return Buffer.compare(a, b);
  const difference = a.readBigUInt64LE(0) - b.readBigUInt64LE(0);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** @param {number} file */
function walk(file) {
  const meta = newestMeta(file);
  const pages = new Walk(file, meta, fstatSync(file).size);
  try {
    pages.tree(meta.trees[0], true);
    pages.tree(meta.trees[1], false);
    pages.checkFreeLists();
  } catch (error) {
    // Another process has committed meanwhile, and may write to pages of the snapshot that was walked.
    if (newestMeta(file).txn !== meta.txn) return false;
    throw error;
  }
  return true;
}

/** @param {string} dir @param {string} driver */
async function checkRecords(dir, driver) {
  const { open } = await import(driver);
  const database = open({
    path: dir,
    noSubdir: false,
    readOnly: true,
    compression: true,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  let records = 0;
  for (const { value } of database.getRange({ start: Buffer.from([0]) })) {
    records++;
    if (value.length < 8 || value.readUInt32LE(0) !== SEAL) continue;
    must(crc32(value.subarray(8)) === value.readUInt32LE(4), 'a record that its checksum does not fit');
  }
  await database.close();
  return records;
}

/** @param {string} dir @param {string} driver */
async function check(dir, driver) {
  const file = openSync(join(dir, 'data.mdb'), 'r');
  try {
    if (fstatSync(file).size === 0) return { records: 0 };
    for (let attempt = 0; !walk(file); attempt++) if (attempt === 50) return { busy: true };
  } finally {
    closeSync(file);
  }
  return { records: await checkRecords(dir, driver) };
}

const [dir = '', driver = ''] = process.argv.slice(2);
try {
  const url = driver.startsWith('file:') ? driver : pathToFileURL(driver).href;
  console.log(JSON.stringify(await check(dir, url)));
} catch (error) {
  const { message } = /** @type {Error} */ (error);
  console.log(JSON.stringify(error instanceof Damage ? { damage: message } : { failure: message }));
}
