// Files as streams of blocks, so that memory stays flat whatever a file's size.

import { Failure } from './failure';

export const BLOCK_BYTES = 1024 * 1024;

/** Fails with 'io' when the file cannot be read (any more), or was changed while it was read. */
export async function* blocksOf(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += BLOCK_BYTES) {
    let block: ArrayBuffer;
    try {
      block = await file.slice(at, at + BLOCK_BYTES).arrayBuffer();
    } catch {
      throw new Failure('io', { reason: 'The file cannot be read, or was changed.' });
    }
    yield new Uint8Array(block);
  }
}
