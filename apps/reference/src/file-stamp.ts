import { stat } from 'node:fs/promises';

/** Size and time of change of a file, to tell whether it is as it was; the same of every file that is not there. */
export async function fileStamp(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return `${found?.size} ${found?.mtimeMs}`;
}
