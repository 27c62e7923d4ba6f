import type { BenchmarkTable } from '../../api/benchmark-types.js';
import { Scrolls } from '../../parts/scrolls.js';
import { nameColumns } from './read-rows.js';

/** The table itself, all numbers as they are committed. */
export function ResultTable({ table }: { readonly table: BenchmarkTable }) {
  const names = nameColumns(table);
  const hasRemarks = table.rows.some(({ published, note }) => published !== undefined || note !== undefined);
  return (
    <Scrolls label="Table">
      <table className="table results">
        <thead>
          <tr>
            {table.columns.map((column, index) => (
              <th key={column} scope="col" className={index < names ? '' : 'is-number'}>
                {column === '' ? <span className="unseen">measure</span> : column}
              </th>
            ))}
            {hasRemarks ? <th scope="col">Remark</th> : null}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(({ cells, published, note }) => (
            <tr
              key={[published, ...cells.map(({ text }) => text)].join(' ')}
              className={published === undefined ? '' : 'is-published'}
            >
              {cells.map(({ text, isBest }, column) =>
                column === 0 ? (
                  <th key={table.columns[column]} scope="row">
                    {text}
                  </th>
                ) : (
                  <td key={table.columns[column]} className={column < names ? '' : 'is-number'}>
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
