/**
 * One fact that an implementation of a contract has to satisfy. `run` rejects with an assertion error when it
 * does not; any test runner can call it.
 *
 * @example
 * ```ts
 * for (const { name, run } of retrieverConformance({ create })) test(name, run);
 * ```
 */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}
