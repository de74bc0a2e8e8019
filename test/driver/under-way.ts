/** What stands in a process without anything coming of it: streams that are open, listeners, our own turns. */
const STANDING: ReadonlySet<string> = new Set([
  'FSEventWrap',
  'Immediate',
  'PipeWrap',
  'SignalWrap',
  'StatWatcher',
  'TCPServerWrap',
  'TTYWrap',
  'TickObject',
]);

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

/**
 * Tells whether this process has anything under way that may settle a promise: a file being read, a
 * connection, a timer that was not there when this was made. Where there is nothing, a promise that is still
 * open stays open until somebody does something.
 */
export class UnderWay {
  /** The timers of whoever runs the test. */
  readonly #timersBefore = timers();

  /** Whether a file is being read or written: that comes to an end, however busy the disk is. */
  get isOnDisk(): boolean {
    return process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq') || kind === 'CloseReq');
  }

  get exists(): boolean {
    if (timers() > this.#timersBefore) return true;
    return process.getActiveResourcesInfo().some((kind) => kind !== 'Timeout' && !STANDING.has(kind));
  }
}
