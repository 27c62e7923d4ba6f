import { open } from 'node:fs/promises';

/** Bytes that are read at a time. */
const PIECE = 1 << 18;

/** Reads the lines that are appended to a file, each once, however long the file becomes. */
export class AppendedLines {
  readonly #path: string;
  #read = 0;
  #begun = '';

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The whole lines that were appended since the last call, all where it is the first.
   *
   * @param onReset - called where the file is shorter than it was: then it is another one, and all its lines come
   */
  async fresh(onReset: () => void): Promise<string[]> {
    const file = await open(this.#path).catch(() => undefined);
    if (!file) return [];
    try {
      if ((await file.stat()).size < this.#read) {
        this.#read = 0;
        this.#begun = '';
        onReset();
      }
      const lines: string[] = [];
      const decoder = new TextDecoder();
      const buffer = Buffer.alloc(PIECE);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, PIECE, this.#read);
        if (bytesRead === 0) return lines;
        // A line is taken once its end is there: what comes before it is whole characters.
        const end = buffer.lastIndexOf(10, bytesRead - 1) + 1;
        if (end === 0 && bytesRead < PIECE) return lines;
        const taken = end === 0 ? bytesRead : end;
        const parts = (this.#begun + decoder.decode(buffer.subarray(0, taken), { stream: end === 0 })).split(
          '\n',
        );
        this.#begun = parts.pop() ?? '';
        lines.push(...parts);
        this.#read += taken;
      }
    } finally {
      await file.close();
    }
  }
}
