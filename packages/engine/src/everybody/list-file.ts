import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type FolderLock,
  InvalidInputError,
  isLockName,
  type ListPlan,
  type ListSink,
  lockFolder,
  type UserList,
  writeFailure,
  writeFileAtomically,
  writerOf,
  writingName,
} from '@palate/core';
import { isListsParquet, writeParquetLists } from './parquet-lists.js';

const PLAN = 'plan.json';
/** Name of what all blocks are put together in, before it takes its place. */
const WHOLE = 'whole';
const BLOCK = /^block-\d{8}\.jsonl$/;
const blockName = (block: number): string => `block-${String(block).padStart(8, '0')}.jsonl`;
/** Beginning of the first line of a file of lists. */
const FIRST = '{"user":';

/** Formats by the ending of the name. */
const FORMATS = ['.jsonl', '.parquet'] as const;

/**
 * A file of everybody's lists: JSON lines (`{"user":"u1","items":[{"id":"a","score":1.5}]}`, one a user) or Parquet (`user`,
 * `rank` from 1, `item`, `score`, one row an item). Blocks are kept in `FILE.parts` until all are there; then the file takes the
 * place of the one before at once, so that a reader never sees half of it.
 */
export class ListFile implements ListSink {
  readonly #path: string;
  readonly #parts: string;
  readonly #format: (typeof FORMATS)[number];
  readonly #onNotice: (notice: string) => void;
  #lock: FolderLock | undefined;
  #blocks = 0;

  private constructor(path: string, format: (typeof FORMATS)[number], onNotice: (notice: string) => void) {
    this.#path = path;
    this.#parts = `${path}.parts`;
    this.#format = format;
    this.#onNotice = onNotice;
  }

  /**
   * Prepares a file; nothing is written yet.
   *
   * @param path - ends in `.jsonl` or `.parquet`
   * @param onNotice - called if an unfinished run with other data or settings is discarded
   * @throws InvalidInputError for another ending, a missing folder, or a file that is not one of lists
   */
  static async open(path: string, onNotice: (notice: string) => void = () => undefined): Promise<ListFile> {
    const whole = resolve(path);
    const format = FORMATS.find((each) => each === extname(whole));
    if (!format)
      throw new InvalidInputError({
        expected: 'a file for the lists that ends in .jsonl or .parquet',
        received: path,
        hint: 'Name one, such as lists.parquet.',
      });
    const folder = await stat(dirname(whole)).catch(() => undefined);
    if (!folder?.isDirectory())
      throw new InvalidInputError({
        expected: `an existing folder for ${basename(whole)}`,
        received: dirname(path),
        hint: 'Make the folder first, or choose another.',
      });
    await checkReplaced(whole, format);
    return new ListFile(whole, format, onNotice);
  }

  async begin({ identity, blocks }: ListPlan): Promise<ReadonlySet<number>> {
    await mkdir(this.#parts, { recursive: true }).catch((error: unknown) => {
      throw writeFailure(this.#parts, error);
    });
    this.#lock = await lockFolder(this.#parts, 'the lists in progress');
    this.#blocks = blocks;
    const names = (await readdir(this.#parts)).filter((name) => !isLockName(name));
    const foreign = names.find((name) => !isPart(name) && !isWriting(name));
    if (foreign !== undefined)
      throw new InvalidInputError({
        expected: `only blocks of lists in ${this.#parts}`,
        received: foreign,
        hint: 'Move the folder away, or choose another name for the lists.',
      });
    const before = await readFile(join(this.#parts, PLAN), 'utf8').catch(() => undefined);
    const plan = JSON.stringify({ identity, blocks });
    if (before === plan)
      return new Set(names.filter((name) => BLOCK.test(name)).map((name) => Number(name.slice(6, 14))));
    if (before !== undefined)
      this.#onNotice(
        'An unfinished run with other data, models or settings is discarded: the lists are computed again.',
      );
    // The plan goes first: without it no block counts.
    await this.#drop([PLAN, ...names.filter((name) => name !== PLAN)]);
    await writeFileAtomically(join(this.#parts, PLAN), plan);
    return new Set();
  }

  async write(block: number, lists: readonly UserList[]): Promise<void> {
    await writeFileAtomically(
      join(this.#parts, blockName(block)),
      lists.map(({ user, items }) => `${JSON.stringify({ user, items })}\n`).join(''),
    );
  }

  async finish(): Promise<void> {
    const blocks = Array.from({ length: this.#blocks }, (_, block) => join(this.#parts, blockName(block)));
    // Within the folder of the parts, where what a kill leaves is dropped with the rest.
    const whole = writingName(join(this.#parts, WHOLE));
    try {
      if (this.#format === '.parquet') await writeParquetLists(whole, listsOf(blocks));
      else await concatenate(blocks, whole);
      const file = await open(whole, 'r+');
      await file.sync().finally(() => file.close());
      await rename(whole, this.#path);
    } catch (error) {
      await unlink(whole).catch(() => undefined);
      throw writeFailure(this.#path, error);
    }
    await this.#drop((await readdir(this.#parts)).filter((name) => !isLockName(name)));
    await this.close();
    await rmdir(this.#parts).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  async #drop(names: readonly string[]): Promise<void> {
    for (const name of names) await unlink(join(this.#parts, name)).catch(() => undefined);
  }
}

const isPart = (name: string): boolean => name === PLAN || BLOCK.test(name);

/** Whether a name is that of what somebody was writing here. */
function isWriting(name: string): boolean {
  const target = writerOf(name)?.target;
  return target !== undefined && (target === WHOLE || isPart(target));
}

/** Refuses to take the place of a file that holds something else. */
async function checkReplaced(path: string, format: (typeof FORMATS)[number]): Promise<void> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw writeFailure(path, error);
  });
  if (!file) return;
  let isOurs: boolean;
  try {
    const { size } = await file.stat();
    if (format === '.parquet') isOurs = size === 0 || (await isListsParquet(path));
    else {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST.length), 0, FIRST.length, 0);
      isOurs = size === 0 || buffer.toString('utf8', 0, bytesRead) === FIRST;
    }
  } finally {
    await file.close();
  }
  if (!isOurs)
    throw new InvalidInputError({
      expected: `a new file, or one of lists, which is replaced`,
      received: `${path}, which holds something else`,
      hint: 'Choose another name for the lists.',
    });
}

/** The lists of blocks, one block at a time. */
async function* listsOf(blocks: readonly string[]): AsyncGenerator<readonly UserList[]> {
  for (const path of blocks) {
    const text = await readFile(path, 'utf8');
    yield text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as UserList);
  }
}

async function concatenate(paths: readonly string[], whole: string): Promise<void> {
  await (await open(whole, 'w')).close();
  for (const path of paths) await pipeline(createReadStream(path), createWriteStream(whole, { flags: 'a' }));
}
