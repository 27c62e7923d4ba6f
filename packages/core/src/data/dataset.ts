import { InvalidInputError } from '../basics/errors.js';
import type { ReadingReport } from '../basics/reading-report.js';
import type { Catalog } from './catalog.js';
import type { IdMap } from './id-map.js';
import type { InteractionLog } from './interaction-log.js';
import type { Provenance } from './provenance.js';

/** Facts about the users, aligned with an id map. */
export interface UserTable {
  readonly users: IdMap;
  /** Columns by name, one entry a user. */
  readonly attributes: Readonly<Record<string, readonly (string | number | undefined)[]>>;
  /** Knowledge of interactions in the columns, by name; those that are not named know nothing, as a shop's own data. */
  readonly provenance?: Readonly<Record<string, Provenance>> | undefined;
}

/** Interactions with what is known of their items and users. */
export interface Dataset {
  readonly name: string;
  readonly log: InteractionLog;
  /** Aligned with `log.items`. */
  readonly catalog: Catalog;
  readonly users?: UserTable | undefined;
  /** Report of what reading it understood and left out; absent where the data was not read from files. */
  readonly reading?: ReadingReport | undefined;
  /** SPDX name or a sentence. */
  readonly licence: string;
  /** Where the data comes from, with the citation it asks for. */
  readonly source: string;
}

/**
 * Makes a {@link Dataset}, with the catalogue and the users brought into the order of the log's id maps.
 *
 * @throws InvalidInputError if the name is empty
 */
export function createDataset(parts: Dataset): Dataset {
  if (parts.name.trim() === '')
    throw new InvalidInputError({
      expected: 'a data set name',
      received: '""',
      hint: 'Give the data set a name: reports and file names use it.',
    });
  const { log } = parts;
  const users = parts.users;
  return {
    ...parts,
    catalog: parts.catalog.align(log.items),
    users: users === undefined ? undefined : alignUsers(users, log.users),
  };
}

function alignUsers(table: UserTable, users: IdMap): UserTable {
  if (table.users === users) return table;
  const source = Array.from(users, (id) => table.users.find(id));
  return {
    ...table,
    users,
    attributes: Object.fromEntries(
      Object.entries(table.attributes).map(([name, column]) => [
        name,
        source.map((index) => (index === undefined ? undefined : column[index])),
      ]),
    ),
  };
}

/** The same data set with another log (a split, a filtered log); the catalogue follows its items. */
export function withLog(dataset: Dataset, log: InteractionLog): Dataset {
  return createDataset({ ...dataset, log });
}
