/** A long call of the server: a fit, or a job that asks a language model for knowledge. */
export interface JobView {
  readonly id: string;
  /** `fit`, `refit`, `map`, `knowledge` and what else runs long. */
  readonly kind: string;
  readonly title: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  /** Steps done and in all, where that is known. */
  readonly progress?: { readonly done: number; readonly total?: number; readonly message?: string };
  /** Milliseconds since 1970. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** What language models cost so far. */
  readonly spend?: { readonly tokens?: number; readonly money?: number; readonly currency?: string };
  /** Failures by cause. */
  readonly failures?: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}
