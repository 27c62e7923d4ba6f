import type { BenchmarkTable } from '../../api/benchmark-types.js';
import { Scrolls } from '../../parts/scrolls.js';
import { uniqueKeys } from '../../parts/unique-keys.js';
import { nameColumns } from './read-rows.js';

/** The table itself, all numbers as they are committed. */
export function ResultTable({ table }: { readonly table: BenchmarkTable }) {
  const names = nameColumns(table);
  const columns = uniqueKeys(table.columns);
  const rows = uniqueKeys(
    table.rows.map(({ cells, published }) => [published, ...cells.map(({ text }) => text)].join(' ')),
  );
  const hasRemarks = table.rows.some(({ published, note }) => published !== undefined || note !== undefined);
  return (
    <Scrolls label="Table">
      <table className="table results">
        <thead>
          <tr>
            {table.columns.map((column, index) => (
              <th key={columns[index]} scope="col" className={index < names ? '' : 'is-number'}>
                {column === '' ? <span className="unseen">measure</span> : column}
              </th>
            ))}
            {hasRemarks ? <th scope="col">Remark</th> : null}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(({ cells, published, note }, row) => (
            <tr key={rows[row]} className={published === undefined ? '' : 'is-published'}>
              {cells.map(({ text, isBest }, column) =>
                column === 0 ? (
                  <th key={columns[column]} scope="row">
                    {text}
                  </th>
                ) : (
                  <td key={columns[column]} className={column < names ? '' : 'is-number'}>
                    {isBest ? <b>{text}</b> : text}
                  </td>
                ),
              )}
              {hasRemarks ? (
                <td className="small">
                  {published === undefined ? (
                    note
                  ) : (
                    <>
                      <span className="badge">paper</span> {published}
                    </>
                  )}
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
