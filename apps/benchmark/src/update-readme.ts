import { readFile, writeFile } from 'node:fs/promises';

/**
 * Puts a text between the markers `<!-- results:NAME -->` and `<!-- /results -->` of a Markdown file.
 *
 * @returns whether the file has such markers
 */
export async function updateReadme(path: string, name: string, text: string): Promise<boolean> {
  const before = await readFile(path, 'utf8');
  const open = `<!-- results:${name} -->\n`;
  const start = before.indexOf(open);
  const end = before.indexOf('<!-- /results -->', start);
  if (start < 0 || end < 0) return false;
  const after = `${before.slice(0, start + open.length)}${text.trimEnd()}\n${before.slice(end)}`;
  if (after !== before) await writeFile(path, after);
  return true;
}
