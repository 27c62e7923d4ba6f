import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactError, type LanguageModel, type TokenUsage } from '@palate/core';
import { languageModel, singleCalls } from '@palate/llm';
import { SPENDING } from './store-folder.js';

/** Cost of a store's texts so far: one line for each answer, so that a killed run has spent what it spent. */
export class SpendingLedger {
  readonly #path: string;
  #spent: TokenUsage;
  /** Ends a line that a killed process left open. */
  #before: string;

  private constructor(path: string, spent: TokenUsage, before: string) {
    this.#path = path;
    this.#spent = spent;
    this.#before = before;
  }

  /**
   * Reads the ledger of a store; without one nothing has been spent.
   *
   * @throws ArtifactError if it was changed
   */
  static async open(folder: string): Promise<SpendingLedger> {
    const path = join(folder, SPENDING);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    let [inputTokens, outputTokens] = [0, 0];
    const lines = text.split('\n');
    for (const [k, line] of lines.entries()) {
      // A line that a killed process wrote may be cut.
      if (!line.endsWith('}')) continue;
      try {
        const { inputTokens: read, outputTokens: written } = JSON.parse(line) as TokenUsage;
        inputTokens += read;
        outputTokens += written;
      } catch (cause) {
        throw new ArtifactError(folder, {
          expected: `${SPENDING} with one object per line`,
          received: `${JSON.stringify(line.slice(0, 60))} in line ${k + 1}`,
          hint: 'Repair the line: what was spent is counted from it.',
          cause,
        });
      }
    }
    return new SpendingLedger(
      path,
      { inputTokens, outputTokens },
      text === '' || text.endsWith('\n') ? '' : '\n',
    );
  }

  /** Tokens of all answers so far. */
  get spent(): TokenUsage {
    return this.#spent;
  }

  /** The model, each of whose answers is booked before it is used. */
  booking(model: LanguageModel): LanguageModel {
    const calls = singleCalls(model);
    return languageModel({
      ...calls,
      generate: async (request, how) => {
        const result = await calls.generate(request, how);
        const { inputTokens, outputTokens } = result.usage;
        this.#spent = {
          inputTokens: this.#spent.inputTokens + inputTokens,
          outputTokens: this.#spent.outputTokens + outputTokens,
        };
        await mkdir(join(this.#path, '..'), { recursive: true });
        const line = JSON.stringify({ at: Date.now() / 1000, model: model.id, inputTokens, outputTokens });
        const before = this.#before;
        this.#before = '';
        await appendFile(this.#path, `${before}${line}\n`);
        return result;
      },
    });
  }
}
