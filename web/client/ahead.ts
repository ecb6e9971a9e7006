// Two steps of a stream at the same time: while one block is worked on, the next ones come. On a fast
// line the batches grow, on a slow one each block goes on as it arrives.

/**
 * The blocks of `source` in batches, asked for ahead of whoever reads: at most `bytesMax` and a block
 * wait at any time. What came before a failure is given before it is thrown.
 */
export async function* ahead<Block extends Uint8Array>(source: AsyncIterable<Block>, bytesMax: number): AsyncGenerator<Block[]> {
  const iterator = source[Symbol.asyncIterator]();
  const state = { waiting: [] as Block[], bytes: 0, isDone: false, isLeft: false, failure: null as { error: unknown } | null };
  let wake = (): void => {};
  let makeRoom = (): void => {};
  const pump = async (): Promise<void> => {
    try {
      for (let next = await iterator.next(); !next.done && !state.isLeft; next = await iterator.next()) {
        state.waiting.push(next.value);
        state.bytes += next.value.length;
        wake();
        if (state.bytes >= bytesMax) await new Promise<void>((resolve) => (makeRoom = resolve));
        if (state.isLeft) break;
      }
    } catch (error) {
      state.failure = { error };
    }
    state.isDone = true;
    wake();
  };
  void pump();
  try {
    for (;;) {
      if (state.waiting.length > 0) {
        const batch = state.waiting;
        state.waiting = [];
        state.bytes = 0;
        makeRoom();
        yield batch;
      } else if (state.isDone) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    if (state.failure) throw state.failure.error;
  } finally {
    state.isLeft = true;
    makeRoom();
    if (!state.isDone) void iterator.return?.(undefined).catch(() => {});
  }
}
