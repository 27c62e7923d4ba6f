import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A file of the page. */
export interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly tag: string;
  /** True if its name changes with what it holds. */
  readonly isNamedByContent: boolean;
}

/** The page as it was built, beside this app's sources. */
const PAGE_FOLDER = fileURLToPath(new URL('../../../page/dist/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

/** Times, and milliseconds between them, that a page is read anew which is being built meanwhile. */
const TRIES = 100;
const BETWEEN = 100;

/**
 * Reads the files of the page, by their paths in its address; none where it was not built. They are few and small, and kept
 * in memory, so that no request reaches the file system. A build that takes a file away meanwhile is waited for.
 */
export async function readPage(folder = PAGE_FOLDER): Promise<ReadonlyMap<string, PageFile>> {
  for (let tries = 1; ; tries++) {
    try {
      return await readFiles(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === TRIES) throw error;
      await pause(BETWEEN);
    }
  }
}

async function readFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = new Uint8Array(await readFile(path));
    const name = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(name === '/index.html' ? '/' : name, {
      bytes,
      type,
      tag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      isNamedByContent: name.startsWith('/assets/'),
    });
  }
  return files;
}
