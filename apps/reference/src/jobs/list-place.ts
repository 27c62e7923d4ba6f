import { extname } from 'node:path';
import { InvalidInputError, type ListSink } from '@palate/core';
import { ListFile } from '@palate/engine';

/** Whether lists go to a database at an address that is given in words, which may hold a password. */
export const isAddress = (out: string): boolean => /^postgres(ql)?:\/\//.test(out);

/** Where lists go. The packages of databases are loaded where one is asked for. */
export async function sinkOf(out: string, notice: (text: string) => void): Promise<ListSink> {
  if (out !== 'postgres' && !isAddress(out)) return ListFile.open(out, notice);
  const url = out === 'postgres' ? process.env.DATABASE_URL : out;
  if (url === undefined || url === '')
    throw new InvalidInputError({
      expected: 'the address of a database in DATABASE_URL for --out postgres',
      received: 'none',
      hint: 'Set DATABASE_URL=postgres://user:password@host:port/database, or give that as --out.',
    });
  const { openListTable } = await import('@palate/postgres');
  return openListTable(url);
}

/** The place of one share: a database is one place, of a file each share has its own, such as `lists-2-of-8.jsonl`. */
export function placeOfShare(
  out: string,
  { part, of }: { readonly part: number; readonly of: number },
): string {
  const ending = extname(out);
  return out === 'postgres' || ending === ''
    ? out
    : `${out.slice(0, -ending.length)}-${part}-of-${of}${ending}`;
}
