import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';

/** Niceness of work that can wait: a twentieth of the share of what cannot. */
const NICE = 15;

/**
 * Lets this thread, and threads that it starts from now on, compute only where others leave room. On Linux, where a thread has a
 * priority of its own; elsewhere nothing happens.
 *
 * @returns whether it was done
 */
export function giveWay(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    // The link names the thread that reads it.
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICE);
    return true;
  } catch {
    // Without /proc, or where a sandbox forbids it, fits take their share.
    return false;
  }
}
