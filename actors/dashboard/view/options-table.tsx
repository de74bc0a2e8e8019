import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Table } from './parts.js';

interface ShownOption {
  readonly key: string;
  readonly value: string;
  readonly origin?: string;
}

function isDefault({ origin }: ShownOption): boolean {
  return origin === 'default';
}

/** Options by name, those that somebody set first; and where each comes from, where that is told. */
export function OptionsTable({ options }: { readonly options: readonly ShownOption[] }): JSX.Element {
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  const shown = options
    .filter(({ key, value }) => key.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted))
    .sort((a, b) => Number(isDefault(a)) - Number(isDefault(b)) || a.key.localeCompare(b.key));
  const origins = options.some(({ origin }) => origin !== undefined);
  return (
    <>
      <label class="field inline">
        Filter
        <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      </label>
      <Table label="Options" head={[['Option'], ['Value'], ...(origins ? [['Comes from'] as const] : [])]}>
        {shown.map(({ key, value, origin }) => (
          <tr key={key}>
            <th scope="row">
              <code>{key}</code>
            </th>
            <td>
              <code>{value}</code>
            </td>
            {origins && <td class={origin === 'default' ? 'faint' : undefined}>{origin}</td>}
          </tr>
        ))}
      </Table>
      {shown.length === 0 && <p class="empty">No option fits.</p>}
    </>
  );
}
