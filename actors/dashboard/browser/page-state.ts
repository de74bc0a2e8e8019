import { useEffect, useState } from 'preact/hooks';

/** The clock of the browser, ms since the epoch. */
export function wallMs(): number {
  return Date.now();
}

/** Calls back once, later; returns what prevents it. */
export function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** What follows `#` in the address, as it changes. */
export function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = (): void => setHash(location.hash);
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return hash;
}

/** Whether the tab is shown; nothing is asked of the server while it is not. */
export function useVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const onChange = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  return visible;
}

/** Width of an element as it changes, CSS pixels; 0 before it is known. */
export function useWidth(element: HTMLElement | null): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

export type Theme = 'system' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const THEME_KEY = 'millrace-theme';

/** Before the first drawing, so that no page flashes in the other colours. */
export function applyStoredTheme(): void {
  document.documentElement.dataset.theme = storedTheme();
}

function storedTheme(): Theme {
  return THEMES.find((known) => known === localStorage.getItem(THEME_KEY)) ?? 'system';
}

export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const choose = (chosen: Theme): void => {
    localStorage.setItem(THEME_KEY, chosen);
    applyStoredTheme();
    setTheme(chosen);
  };
  return [theme, choose];
}
