// Files and answers as streams of blocks, so that memory stays flat whatever their size.

import { Failure } from './failure';

type Block = Uint8Array<ArrayBuffer>;

/** As they come; whoever leaves early cancels the stream. */
export async function* streamed(stream: ReadableStream<Block>): AsyncGenerator<Block> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Fails with 'io' when the file cannot be read (any more), or was changed while it was read. */
export async function* blocksOf(file: Blob): AsyncGenerator<Block> {
  let left = file.size;
  try {
    for await (const block of streamed(file.stream())) {
      left -= block.length;
      yield block;
    }
    if (left === 0) return;
  } catch {
    // said below, in words
  }
  throw new Failure('io', { reason: 'The file cannot be read, or was changed.' });
}
