import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AddedItemStore,
  ArtifactError,
  InvalidInputError,
  readTextIfThere,
  writeFileAtomically,
} from '@palate/core';
import { AddedItemsFile } from './added-items-file.js';

const ITEMS = 'added-items.jsonl';
const FITTED = 'fitted-feedback.json';

/** How much feedback the models of the last refit hold. */
export interface FittedFeedback {
  /** Sequence number of the last event. */
  readonly sequence: number;
  /** Hash of the ids of all events up to there, so that another store is found out. */
  readonly hash: string;
  /** How many entries of the added items they hold. */
  readonly items: number;
}

/** Files that an engine keeps beside its models. */
export class EngineFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder if it is missing.
   *
   * @throws InvalidInputError if it cannot be made, before any work is done
   */
  static async open(path: string): Promise<EngineFolder> {
    try {
      await mkdir(path, { recursive: true });
    } catch (cause) {
      throw new InvalidInputError({
        expected: 'a folder for models that can be made',
        received: `${path}: ${(cause as Error).message}`,
        hint: 'Pass a folder that this process may write to.',
        cause,
      });
    }
    return new EngineFolder(path);
  }

  /** Items that were added, where no store of the feedback keeps them. */
  addedItems(onNotice?: (notice: string) => void): AddedItemStore {
    return new AddedItemsFile(join(this.path, ITEMS), onNotice);
  }

  async fittedFeedback(): Promise<FittedFeedback | undefined> {
    const fitted = await this.#read(FITTED);
    if (fitted === undefined) return undefined;
    const { sequence, hash, items } = Object(fitted) as Partial<FittedFeedback>;
    if (Number.isSafeInteger(sequence) && Number.isSafeInteger(items) && typeof hash === 'string')
      return { sequence: sequence as number, hash, items: items as number };
    throw this.#damaged(FITTED);
  }

  async keepFittedFeedback(fitted: FittedFeedback): Promise<void> {
    await writeFileAtomically(join(this.path, FITTED), JSON.stringify(fitted));
  }

  async #read(name: string): Promise<unknown> {
    const path = join(this.path, name);
    const text = await readTextIfThere(path);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw this.#damaged(name);
    }
  }

  #damaged(name: string): ArtifactError {
    return new ArtifactError(this.path, {
      expected: `${name} as it was written`,
      received: 'something else',
      hint: `Restore the file, or delete it: then the engine starts without the feedback of the last refit.`,
    });
  }
}
