import { join } from 'node:path';
import { ArtifactError, readTextIfThere, writeFileAtomically } from '@palate/core';
import type { OpenAI } from 'openai';

/** One batch of a job and how far it is. */
export interface BatchPart {
  readonly from: number;
  readonly to: number;
  fileId?: string | undefined;
  /** Set before the batch is made, so that a kill in between is noticed. */
  submitting?: boolean | undefined;
  batchId?: string | undefined;
  status?: string | undefined;
  completed?: number | undefined;
  outputFileId?: string | undefined;
  errorFileId?: string | undefined;
  problem?: string | undefined;
}

/** State of a job, as `state.json` of its folder keeps it. */
export interface BatchState {
  readonly format: 'palate-openai-batch';
  readonly version: 1;
  readonly fingerprint: string;
  readonly parts: BatchPart[];
}

const ENDED = ['completed', 'failed', 'expired', 'cancelled'];

/** Tells whether a batch will not change any more. */
export function hasEnded(part: BatchPart): boolean {
  return part.status !== undefined && ENDED.includes(part.status);
}

/** Takes down what the server says of a batch. */
export function noteBatch(part: BatchPart, batch: OpenAI.Batch): void {
  part.status = batch.status;
  part.completed = (batch.request_counts?.completed ?? 0) + (batch.request_counts?.failed ?? 0);
  if (batch.output_file_id) part.outputFileId = batch.output_file_id;
  if (batch.error_file_id) part.errorFileId = batch.error_file_id;
  const problems = batch.errors?.data?.map((one) => `${one.code ?? 'error'}: ${one.message ?? ''}`);
  if (problems && problems.length > 0) part.problem = problems.slice(0, 5).join('; ');
}

/**
 * Reads the state in a job's folder, or undefined if there is none.
 *
 * @throws ArtifactError if it is something else
 */
export async function readState(dir: string): Promise<BatchState | undefined> {
  const text = await readTextIfThere(join(dir, 'state.json'));
  if (text === undefined) return undefined;
  let state: Partial<BatchState> | undefined;
  try {
    state = JSON.parse(text) as Partial<BatchState>;
  } catch {
    // Reported below, as what is no state.
  }
  if (state?.format !== 'palate-openai-batch' || state.version !== 1 || !Array.isArray(state.parts))
    throw new ArtifactError(dir, {
      expected: 'a state.json of OpenAIBatch',
      received: 'something else',
      hint: 'Pass a folder that is empty, or that OpenAIBatch wrote.',
    });
  return state as BatchState;
}

/** Writes the state as a whole. */
export function writeState(dir: string, state: BatchState): Promise<void> {
  return writeFileAtomically(join(dir, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
}
