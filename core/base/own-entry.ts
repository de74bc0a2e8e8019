/**
 * The entry of that name, where there is one: people choose the names, and `constructor` must not find what every
 * object has.
 */
export function ownEntry<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
