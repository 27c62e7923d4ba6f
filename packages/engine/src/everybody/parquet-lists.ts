import type { UserList } from '@palate/core';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';

/** Key of the file's metadata by which a file of lists is known. */
const MARK = 'palate.lists';

/** Writes blocks of lists as a Parquet file, a row group a block: `user`, `rank`, `item`, `score`. */
export async function writeParquetLists(
  path: string,
  blocks: AsyncIterable<readonly UserList[]>,
): Promise<void> {
  const writer = await fileWriter(path);
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: 4 },
      { name: 'user', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'rank', type: 'INT32', repetition_type: 'REQUIRED' },
      { name: 'item', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'score', type: 'DOUBLE', repetition_type: 'REQUIRED' },
    ],
    kvMetadata: [{ key: MARK, value: '1' }],
    createdBy: 'palate',
  });
  for await (const lists of blocks) {
    const rows = lists.flatMap(({ user, items }) =>
      items.map(({ id, score }, at) => ({ user, id, score, rank: at + 1 })),
    );
    if (rows.length === 0) continue;
    await file.write({
      columnData: [
        { name: 'user', data: rows.map(({ user }) => user) },
        { name: 'rank', data: rows.map(({ rank }) => rank) },
        { name: 'item', data: rows.map(({ id }) => id) },
        { name: 'score', data: rows.map(({ score }) => score) },
      ],
      rowGroupSize: rows.length,
    });
  }
  await file.finish();
}

/** Whether a file is a Parquet file of lists. */
export async function isListsParquet(path: string): Promise<boolean> {
  try {
    const { key_value_metadata: pairs } = await parquetMetadataAsync(await asyncBufferFromFile(path));
    return pairs?.some(({ key }) => key === MARK) ?? false;
  } catch {
    return false;
  }
}
