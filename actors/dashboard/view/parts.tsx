import type { ComponentChildren, JSX } from 'preact';
import { wallMs } from '../browser/page-state.js';
import type { Polled } from '../browser/polling.js';
import { agoText, clockText } from '../model/figures.js';

/** The small parts that every page is put together from. */

/** Colour beside the word, never instead of it. */
export function StateBadge({ state }: { readonly state: string }): JSX.Element {
  return <span class={`badge state-${state.toLowerCase()}`}>{state}</span>;
}

/** What stands in a page's place while its first answer is awaited, or when there is none. */
export function Awaited<T>({
  polled,
  what,
  children,
}: {
  readonly polled: Polled<T>;
  readonly what: string;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  const { value, error, missing } = polled;
  if (missing) return <p class="empty">The server knows no {what}.</p>;
  if (value === undefined) {
    return error === undefined ? (
      <p class="empty">Asking for {what}…</p>
    ) : (
      <p class="empty">
        No {what}: {error}
      </p>
    );
  }
  return <>{children(value)}</>;
}

/** A name and its value. */
export function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A moment: the clock, with how long ago as its title. */
export function Moment({ ms }: { readonly ms: number | undefined }): JSX.Element {
  const nowMs = wallMs();
  return <span title={agoText(ms, nowMs)}>{clockText(ms, nowMs)}</span>;
}

/** A table that scrolls within itself where it is wider than the page. */
export function Table({
  label,
  kind,
  head,
  children,
}: {
  readonly label: string;
  readonly kind?: string;
  readonly head: readonly (readonly [name: string, className?: string])[];
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
    <section class="scroll" aria-label={label} tabIndex={0}>
      <table class={kind}>
        <thead>
          <tr>
            {head.map(([name, className]) => (
              <th key={name} scope="col" class={className}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
