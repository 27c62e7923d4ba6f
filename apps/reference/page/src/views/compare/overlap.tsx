import type { CSSProperties } from 'react';
import type { AnswerItem } from '../../api/types.js';
import { Scrolls } from '../../parts/scrolls.js';
import { shared } from './compared.js';

/** How many items each two lists share. */
export function Overlap(props: {
  readonly systems: readonly string[];
  readonly lists: readonly (readonly AnswerItem[])[];
}) {
  const { systems, lists } = props;
  return (
    <Scrolls label="Shared items">
      <table className="table overlap">
        <caption>Items that two lists share</caption>
        <thead>
          <tr>
            <td />
            {systems.map((system) => (
              <th key={system} scope="col" className="mono">
                {system}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {systems.map((system, row) => (
            <tr key={system}>
              <th scope="row" className="mono">
                {system}
              </th>
              {systems.map((other, column) => {
                const [a = [], b = []] = [lists[row], lists[column]];
                const most = Math.max(1, Math.min(a.length, b.length));
                const count = shared(a, b);
                return (
                  <td
                    key={other}
                    className="numbers"
                    style={{ '--share': row === column ? 0 : count / most } as CSSProperties}
                  >
                    {row === column ? '' : count}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
