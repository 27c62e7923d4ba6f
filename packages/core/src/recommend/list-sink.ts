/** The list of one user, by external ids, best first. */
export interface UserList {
  readonly user: string;
  readonly items: readonly { readonly id: string; readonly score: number }[];
}

/** Plan of what is written to a {@link ListSink}, announced before anything is written. */
export interface ListPlan {
  /** Names all that decides the lists: data, models, settings, users, and how they are divided into blocks. */
  readonly identity: string;
  /** Blocks of users, numbered from 0. */
  readonly blocks: number;
}

/**
 * Takes everybody's lists, block by block. A block is there as a whole or not at all, so that a run that was killed goes on
 * where it was.
 */
export interface ListSink {
  /**
   * Begins, or goes on with what a run of the same identity left; what one of another identity left unfinished is dropped.
   *
   * @returns numbers of the blocks that are there
   */
  begin(plan: ListPlan): Promise<ReadonlySet<number>>;
  /** Keeps a block, and resolves when it is on the disk. A block that is there already is replaced. */
  write(block: number, lists: readonly UserList[]): Promise<void>;
  /** Puts all blocks together, once every one is there. */
  finish(): Promise<void>;
  /** Gives everything back, finished or not; what was written is kept. A second call does nothing. */
  close(): Promise<void>;
}
