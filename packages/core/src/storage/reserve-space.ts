import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Sizes that the driver tells of a database, as far as they are used. */
export interface DatabaseSize {
  readonly pageSize: number;
  readonly lastPageNumber: number;
  readonly treeDepth: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
}

const ZEROS = Buffer.alloc(1 << 16);
/** Pages for the head, the lists of free pages and the claim beside the records. */
const SPARE_PAGES = 32;

/**
 * Makes the file of a database long enough for what a transaction may write, so that a full disk or a limit of size is
 * met here, as an error, and not inside the driver, which does not survive it. To be called inside the transaction:
 * no other process writes meanwhile.
 *
 * @param lengths - bytes of each record with its key
 */
export function reserveSpace(dir: string, size: DatabaseSize, lengths: readonly number[]): void {
  // Windows gives the file its whole length when it is mapped.
  if (process.platform === 'win32') return;
  const { pageSize, lastPageNumber, treeDepth, treeBranchPageCount, treeLeafPageCount } = size;
  let inLeaves = 0;
  let ofTheirOwn = 0;
  for (const length of lengths)
    if (length > pageSize / 4) ofTheirOwn += Math.ceil((length + 64) / pageSize) + 1;
    else inLeaves += length + 16;
  const treePages = treeBranchPageCount + treeLeafPageCount;
  // Either every page of the tree is written anew and half filled, or the way to each record.
  const touched = Math.min(
    treePages + Math.ceil((4 * inLeaves) / pageSize) + ofTheirOwn,
    lengths.length * (2 * treeDepth + 4),
  );
  const freed = Math.ceil(((treePages + ofTheirOwn) * 16) / pageSize);
  const end = (lastPageNumber + 1 + touched + ofTheirOwn + freed + SPARE_PAGES) * pageSize;
  const file = openSync(join(dir, 'data.mdb'), 'r+');
  try {
    let at = fstatSync(file).size;
    while (at < end) at += writeSync(file, ZEROS, 0, Math.min(ZEROS.length, end - at), at);
  } finally {
    closeSync(file);
  }
}

/** Bytes of a database that holds nothing, with its lock. */
const SMALLEST = 1 << 15;

/** Fails as the system does where a folder has no room for the files of a database. */
export async function probeSpace(dir: string): Promise<void> {
  const path = join(dir, `.palate-writing-${process.pid}`);
  const file = await open(path, 'w');
  try {
    await file.writeFile(ZEROS.subarray(0, SMALLEST));
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
