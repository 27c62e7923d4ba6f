import type { ReportRow } from '@palate/eval';

/** Plain options of a system, as they go to its `fit`. */
export type SystemOptions = Readonly<Record<string, number | string | boolean>>;

/** One row of a suite: a system with its options, fixed or chosen on validation. */
export interface SuiteSystem {
  /** Key of the registry in `systems.ts`. */
  readonly system: string;
  /** Name of the row, unique within the suite. Default: the system's key. */
  readonly label?: string | undefined;
  readonly options?: SystemOptions | undefined;
  /** Seeds of this row alone, where they are not the suite's. */
  readonly seeds?: readonly number[] | undefined;
  /**
   * Values to try for some options: every combination is fitted with the first seed and measured on the validation
   * part by `selectBy`; the test part is never looked at.
   */
  readonly tune?: Readonly<Record<string, readonly (number | string | boolean)[]>> | undefined;
}

/** A benchmark, declared: data, protocol, systems and seeds. Equal declarations give equal results. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  /** Key of the data set: `bundled`, or one that is found in the data folder. */
  readonly data: string;
  /** Filters before the split: least interactions of an item, counted once; or the iterated k-core of both. */
  readonly filter?: { readonly minimumItemCount?: number; readonly kCore?: number };
  readonly split: 'leave-one-out';
  /** Metrics, the leading one first. */
  readonly metrics: readonly string[];
  /** Metric that tuning selects by. */
  readonly selectBy: string;
  readonly seeds: readonly number[];
  readonly systems: readonly SuiteSystem[];
  /** Notes that one needs to read the table, in sentences under it. */
  readonly note?: string | undefined;
  /** Figures by others, printed beside with their source. */
  readonly published?: readonly ReportRow[] | undefined;
}

/** The row's name. */
export function labelOf(system: SuiteSystem): string {
  return system.label ?? system.system;
}

/** Every combination of a tuning grid, in the order of its keys. */
export function combinations(
  grid: Readonly<Record<string, readonly (number | string | boolean)[]>>,
): SystemOptions[] {
  return Object.entries(grid).reduce<SystemOptions[]>(
    (found, [name, values]) =>
      found.flatMap((options) => values.map((value) => ({ ...options, [name]: value }))),
    [{}],
  );
}
