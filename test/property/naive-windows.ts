import { Watermark } from '../../core/element/watermark.js';

/** What a job of random windows does. All times are small. */
export interface WindowJob {
  readonly windows:
    | { readonly kind: 'tumbling'; readonly size: number; readonly offset: number }
    | { readonly kind: 'sliding'; readonly size: number; readonly slide: number; readonly offset: number }
    | { readonly kind: 'session'; readonly gap: number };
  readonly time: 'event' | 'processing';
  readonly trigger: 'default' | 'end' | 'purging' | 'count';
  readonly contents: 'process' | 'reduce' | 'aggregate';
  readonly lateness: number;
  /** Of the count trigger. */
  readonly count: number;
}

/** Whether a record is folded once for all of its windows. */
export function sharesPanes({ windows, trigger, contents }: WindowJob): boolean {
  const overlap = windows.kind === 'sliding' && windows.size > windows.slide;
  return overlap && trigger === 'default' && contents !== 'process';
}

interface Bounds {
  readonly start: number;
  readonly end: number;
}

interface NaiveWindow extends Bounds {
  readonly key: number;
  readonly ids: number[];
  /** Records since the count trigger last fired. */
  count: number;
}

/**
 * Windows as a list of lists, looked through from end to end at every step: by the definitions alone, with no
 * timer, no pane and no state window.
 */
export class NaiveWindows {
  readonly #job: WindowJob;
  #windows: NaiveWindow[] = [];
  /** The watermark, or the wall clock. */
  #now: number;
  /** Where windows share panes: processing time up to which some have fired. */
  #fired = Number.NEGATIVE_INFINITY;
  said: string[] = [];

  constructor(job: WindowJob) {
    this.#job = job;
    this.#now = job.time === 'event' ? Watermark.MIN : 0;
  }

  element(key: number, id: number, eventTime: number): void {
    const timestamp = this.#job.time === 'event' ? eventTime : Math.max(this.#now, this.#fired + 1);
    let taken = false;
    for (const bounds of this.#assign(timestamp)) {
      const window = this.#join(key, bounds);
      if (window === undefined) continue;
      taken = true;
      window.ids.push(id);
      window.count++;
      if (this.#firesOnElement(window)) this.#fire(window);
    }
    const isLate = this.#job.time === 'event' && timestamp + this.#lateness <= this.#now;
    if (!taken && isLate) this.said.push(`late ${id}`);
  }

  advance(to: number): void {
    const before = this.#now;
    // A window of the present millisecond is over as soon as the clock is looked at.
    if (to < before || (to === before && this.#job.time === 'event')) return;
    const due: { readonly time: number; readonly window: NaiveWindow; readonly fires: boolean }[] = [];
    for (const window of this.#windows) {
      const last = window.end - 1;
      const isToFire = this.#job.time === 'processing' || last > before;
      if (last <= to && isToFire) due.push({ time: last, window, fires: true });
      if (last + this.#lateness <= to) due.push({ time: last + this.#lateness, window, fires: false });
    }
    due.sort(
      (a, b) =>
        a.time - b.time ||
        a.window.key - b.window.key ||
        a.window.start - b.window.start ||
        a.window.end - b.window.end,
    );
    this.#now = to;
    for (const { time, window, fires } of due) {
      if (sharesPanes(this.#job)) this.#fired = Math.max(this.#fired, time);
      if (!fires) this.#forget(window);
      else if (this.#job.trigger !== 'count') this.#fire(window);
    }
  }

  restored(): void {
    if (sharesPanes(this.#job)) this.#fired = this.#now;
  }

  get #lateness(): number {
    return this.#job.time === 'event' ? this.#job.lateness : 0;
  }

  #assign(timestamp: number): Bounds[] {
    const { windows } = this.#job;
    if (windows.kind === 'session') return [{ start: timestamp, end: timestamp + windows.gap }];
    const { size, offset } = windows;
    const slide = windows.kind === 'sliding' ? windows.slide : size;
    const found: Bounds[] = [];
    // From a start that is surely after the time, downwards.
    const first = (Math.ceil((timestamp - offset) / slide) + 1) * slide + offset;
    for (let start = first; start > timestamp - size; start -= slide) {
      if (start <= timestamp) found.push({ start, end: start + size });
    }
    return found;
  }

  /** The window that takes a record which belongs to `bounds`; undefined if that is late. */
  #join(key: number, bounds: Bounds): NaiveWindow | undefined {
    const isSession = this.#job.windows.kind === 'session';
    const met = this.#windows.filter(
      (window) =>
        window.key === key &&
        (isSession
          ? window.start <= bounds.end && window.end >= bounds.start
          : window.start === bounds.start && window.end === bounds.end),
    );
    const start = Math.min(bounds.start, ...met.map((window) => window.start));
    const end = Math.max(bounds.end, ...met.map((window) => window.end));
    if (this.#job.time === 'event' && end - 1 + this.#lateness <= this.#now) return undefined;
    const [only] = met;
    if (met.length === 1 && only?.start === start && only.end === end) return only;
    const ids = met.flatMap((window) => window.ids);
    const count = met.reduce((total, window) => total + window.count, 0);
    const joined = { key, start, end, ids, count };
    this.#windows = [...this.#windows.filter((window) => !met.includes(window)), joined];
    return joined;
  }

  #firesOnElement(window: NaiveWindow): boolean {
    if (this.#job.trigger !== 'count') return this.#job.time === 'event' && window.end - 1 <= this.#now;
    if (window.count < this.#job.count) return false;
    window.count = 0;
    return true;
  }

  #forget(window: NaiveWindow): void {
    this.#windows = this.#windows.filter((other) => other !== window);
    this.said.push(`gone [${window.start}, ${window.end})`);
  }

  #fire(window: NaiveWindow): void {
    if (window.ids.length === 0) return;
    const ids = window.ids.toSorted((a, b) => a - b);
    this.said.push(`${window.key} [${window.start}, ${window.end}) ${ids.join()} @${window.end - 1}`);
    if (this.#job.trigger === 'purging') window.ids.length = 0;
  }
}
