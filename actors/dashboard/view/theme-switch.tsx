import type { JSX } from 'preact';
import { type Theme, useTheme } from '../browser/page-state.js';

export function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useTheme();
  return (
    <label class="theme">
      <span class="hidden">Colours</span>
      <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
        <option value="system">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
