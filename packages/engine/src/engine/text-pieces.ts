/**
 * Turns a call that reports pieces of a text into an iteration over them. Leaving the loop early cancels the call; iterating
 * rejects with what the call rejects with.
 */
export async function* textPieces(
  call: (onText: (piece: string) => void, signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  const stop = new AbortController();
  const pieces: string[] = [];
  let wake = (): void => undefined;
  let isOver = false;
  const over = call(
    (piece) => {
      pieces.push(piece);
      wake();
    },
    signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
  ).finally(() => {
    isOver = true;
    wake();
  });
  // Told when the loop comes to its end.
  over.catch(() => undefined);
  try {
    for (;;) {
      const piece = pieces.shift();
      if (piece !== undefined) yield piece;
      else if (isOver) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    await over;
  } finally {
    stop.abort();
  }
}
