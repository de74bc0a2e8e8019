const ENGINE_ROOT = new URL('../../', import.meta.url);

/**
 * The first line of the stack that is not the engine's own and not Node's: `file:line:column`. Undefined
 * when the stack has none.
 */
export function userStackLine(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  for (const line of error.stack.split('\n').slice(1)) {
    const place = /[\s(]((?:file:\/\/)?\/[^()]+:\d+:\d+|[A-Za-z]:\\[^()]+:\d+:\d+)\)?\s*$/.exec(line)?.[1];
    if (place === undefined || isEngine(place)) continue;
    return place.startsWith('file://') ? decodeURIComponent(place.slice('file://'.length)) : place;
  }
  return undefined;
}

function isEngine(place: string): boolean {
  const url = place.startsWith('file://') ? place : `file://${place}`;
  return ['core/', 'memory/', 'storage/', 'actors/', 'chunks/'].some((room) =>
    url.startsWith(new URL(room, ENGINE_ROOT).href),
  );
}
