import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAlive } from '../basics/process-alive.js';

/** How it went to claim what is about to be made: it is yours, it is there already, or another one makes it. */
export type ClaimOutcome = 'granted' | 'stored' | 'taken';

/** Who works at something that others want as well. */
export interface ClaimHolder {
  /** Name of the work, so that one process may hold claims for several. */
  readonly owner: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the system's own unit, where it tells: numbers of processes are used again. */
  readonly began?: string | undefined;
  /** Milliseconds since 1970 after which a claim of another host is void. */
  readonly until: number;
}

/** A claim of another host cannot be asked whether its process lives: it ends by itself. */
const LEASE = 15 * 60_000;

/** This process as the holder of a claim. */
export function ownClaim(owner: string): ClaimHolder {
  const { pid } = process;
  return { owner, pid, host: hostname(), began: beginOf(pid), until: Date.now() + LEASE };
}

/** Tells whether the holder still works; one of this host whose process has ended does not. */
export function isHeld(claim: ClaimHolder): boolean {
  if (claim.host !== hostname()) return Date.now() < claim.until;
  if (!isAlive(claim.pid)) return false;
  return claim.began === undefined || claim.began === beginOf(claim.pid);
}

/** When a process began, where the system tells; a process that has ended and waits for its parent is none. */
function beginOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ');
    return fields?.[0] === 'Z' ? 'ended' : fields?.[19];
  } catch {
    return undefined;
  }
}
