import { createReadStream } from 'node:fs';
import { link, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { writingName } from '../artifact/atomic-file.js';
import { checksumOf } from './record-seal.js';

/**
 * A file of JSON objects, one a line, each with a checksum of its text as its last field `sum`. It is only ever
 * appended to, so that a kill or a full disk can spoil its last line and nothing else.
 */
export class JsonLedger {
  readonly path: string;
  /** Appends are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the ledger of a database from before there was one; where there is one already, it stays.
   *
   * @param values - the JSON of every object
   */
  async begin(values: AsyncIterable<Buffer>): Promise<void> {
    if (await stat(this.path).catch(() => undefined)) return;
    const lines: string[] = [];
    for await (const value of values) lines.push(ledgerLine(value.toString('utf8')));
    const temporary = writingName(this.path);
    try {
      await writeFile(temporary, lines.join(''), { flush: true });
      // Unlike a renaming it does not replace the ledger that another process began meanwhile.
      await link(temporary, this.path).catch(async (cause: NodeJS.ErrnoException) => {
        // Not every file system has links.
        if (cause.code !== 'EEXIST') await rename(temporary, this.path);
      });
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Appends objects, given as their JSON; they are on disk when it resolves. */
  append(texts: readonly string[]): Promise<void> {
    const work = this.#last.then(() => this.#append(texts));
    this.#last = work.catch(() => {});
    return work;
  }

  async #append(texts: readonly string[]): Promise<void> {
    const file = await open(this.path, 'a+');
    try {
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      // A line that somebody's kill or a full disk has cut off is ended; an empty line more does no harm.
      const before = size > 0 && last[0] !== 0x0a ? '\n' : '';
      // One write, so that it is not mixed with that of another process.
      const bytes = Buffer.from(before + texts.map(ledgerLine).join(''), 'utf8');
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /**
   * Reads every line whose checksum fits.
   *
   * @param onText - given the JSON of an object and the number of its line, from 1
   * @returns the numbers of the lines that are damaged or cut off
   */
  async read(onText: (text: string, line: number) => void | Promise<void>): Promise<number[]> {
    const damaged: number[] = [];
    const lines = createInterface({
      input: createReadStream(this.path),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    let line = 0;
    for await (const text of lines) {
      line++;
      if (text.trim() === '') continue;
      const found = ledgerText(text);
      if (found === undefined) damaged.push(line);
      else await onText(found, line);
    }
    return damaged;
  }
}

/** The line of an object, given as its JSON. */
export function ledgerLine(json: string): string {
  const body = json.slice(0, -1);
  return `${body}${body.length > 1 ? ',' : ''}"sum":"${checksumOf(json)}"}\n`;
}

/** The JSON of the object that a line holds, or undefined where it is damaged. */
export function ledgerText(line: string): string | undefined {
  const end = /,?"sum":"([0-9a-f]{8})"\}$/.exec(line);
  if (!end) return undefined;
  const json = `${line.slice(0, end.index)}}`;
  return checksumOf(json) === end[1] ? json : undefined;
}
