/** Characters that are written together, at least. */
const BLOCK = 1 << 20;

/** Texts one behind the other as UTF-8, in blocks. */
export function* inBlocks(texts: Iterable<string>): Generator<Uint8Array> {
  let block = '';
  for (const text of texts) {
    block += text;
    if (block.length < BLOCK) continue;
    yield Buffer.from(block);
    block = '';
  }
  yield Buffer.from(block);
}
