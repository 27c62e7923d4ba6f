import type { Progress } from '@palate/core';

/** Says how a long fit is getting on, at most twice a minute. */
export function heartbeat(label: string, say: (line: string) => void): (progress: Progress) => void {
  let last = performance.now();
  return ({ phase, done, total, metrics, secondsLeft }) => {
    if (performance.now() - last < 30_000) return;
    last = performance.now();
    const loss = metrics?.loss === undefined ? '' : `, loss ${metrics.loss.toFixed(3)}`;
    const left = secondsLeft === undefined ? '' : `, at most ${Math.ceil(secondsLeft / 60)} min left`;
    say(`${label}: ${phase}, ${done} of ${total ?? '?'}${loss}${left}`);
  };
}
