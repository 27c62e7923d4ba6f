import { PalateError, type PalateErrorDetails } from '../basics/errors.js';

/** Why a store on disk could not be written. */
export type StoreErrorCode =
  /** No space is left, or a limit on files is reached. */
  | 'store-full'
  /** It may be read, not written. */
  | 'store-read-only'
  /** It was closed while it was asked. */
  | 'store-closed'
  /** Another process holds it. */
  | 'store-locked'
  /** The file system or the driver failed in another way; `cause` says how. */
  | 'store-failed';

/** A store on disk that could not be written or read at the moment; what it held before is still there. */
export class StoreError extends PalateError {
  readonly path: string;
  constructor(code: StoreErrorCode, path: string, details: PalateErrorDetails) {
    super(code, details);
    this.name = 'StoreError';
    this.path = path;
    this.message = `${path}: ${this.message}`;
  }
}

const FULL = /ENOSPC|EFBIG|EDQUOT|No space left|File too large|quota exceeded|MDB_MAP_FULL/i;
const READ_ONLY = /EACCES|EROFS|EPERM|Permission denied|Read-only file system|Operation not permitted/i;

/** The typed error of a failure of the file system or the driver. */
export function storeErrorOf(path: string, doing: string, cause: unknown): PalateError {
  if (PalateError.is(cause)) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const said = `${code ?? ''} ${message ?? String(cause)}`.trim();
  const details = { expected: `to ${doing}`, received: said, cause };
  if (FULL.test(said))
    return new StoreError('store-full', path, {
      ...details,
      hint: 'Free some space or raise the limit, and call again: what was stored before is kept.',
    });
  if (READ_ONLY.test(said))
    return new StoreError('store-read-only', path, {
      ...details,
      hint: 'It can be read, not written: change its permissions, or copy it to a folder of your own.',
    });
  return new StoreError('store-failed', path, {
    ...details,
    hint: 'What was stored before is kept: see the cause, and call again.',
  });
}
