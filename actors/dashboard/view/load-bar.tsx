import type { JSX } from 'preact';
import { percentText } from '../model/figures.js';
import { BUSY_HIGH, type Load } from '../model/vertex-load.js';

/** How a task's time divides: busy, back-pressured, idle. The figures stand beside it for those who do not see it. */
export function LoadBar({ load }: { readonly load: Load }): JSX.Element {
  const { busy = 0, backPressured = 0 } = load;
  const known = load.busy !== undefined;
  const text = known
    ? `busy ${percentText(load.busy)}, back-pressured ${percentText(load.backPressured)}, idle ${percentText(load.idle)}`
    : 'not known yet';
  return (
    <span class={busy >= BUSY_HIGH ? 'load-bar hot' : 'load-bar'} role="img" aria-label={text} title={text}>
      <span class="busy" style={{ width: `${busy * 100}%` }} />
      <span class="pressed" style={{ width: `${Math.min(1 - busy, backPressured) * 100}%` }} />
    </span>
  );
}
