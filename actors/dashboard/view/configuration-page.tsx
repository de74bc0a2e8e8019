import type { JSX } from 'preact';
import { usePoll } from '../browser/polling.js';
import { OptionsTable } from './options-table.js';
import { Awaited } from './parts.js';

export function ConfigurationPage(): JSX.Element {
  const config = usePoll<readonly { readonly key: string; readonly value: string }[]>(
    'jobmanager/config',
    10,
  );
  return (
    <>
      <h1>Configuration</h1>
      <section class="card">
        <Awaited polled={config} what="configuration">
          {(options) => <OptionsTable options={options} />}
        </Awaited>
      </section>
    </>
  );
}
