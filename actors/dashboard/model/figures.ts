/** Figures for people. Every function gives `–` for what is not known. */

const NOTHING = '–';
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Beyond both ends of event time: `no watermark yet`, and `the end`. Flink's Long range shows as well. */
const TIME_MIN = -9_007_199_254_740_991;
const TIME_MAX = 9_007_199_254_740_991;

export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined || !Number.isFinite(bytes) || bytes < 0) return NOTHING;
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : short(value)} ${BYTE_UNITS[unit]}`;
}

/** `0.4`, `37`, `1680`; `42.8 k` and so on above ten thousand. */
export function countText(count: number | undefined): string {
  if (count === undefined || !Number.isFinite(count)) return NOTHING;
  const size = Math.abs(count);
  if (size >= 1e9) return `${short(count / 1e9)} G`;
  if (size >= 1e6) return `${short(count / 1e6)} M`;
  if (size >= 1e4) return `${short(count / 1e3)} k`;
  return String(size < 100 ? Math.round(count * 10) / 10 : Math.round(count));
}

export function rateText(perSecond: number | undefined): string {
  return perSecond === undefined ? NOTHING : `${countText(perSecond)}/s`;
}

/** Of a share from 0 to 1. */
export function percentText(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return NOTHING;
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)} %`;
}

/** Two units at most: `350 ms`, `2.4 s`, `3 min 20 s`, `5 h 3 min`, `2 d 4 h`. */
export function durationText(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) return NOTHING;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${short(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return twoUnits(seconds, 60, 'min', 1, 's');
  if (seconds < 86_400) return twoUnits(seconds, 3600, 'h', 60, 'min');
  return twoUnits(seconds, 86_400, 'd', 3600, 'h');
}

function twoUnits(
  seconds: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((seconds % large) / small);
  const head = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

/** Three digits that count: `1.23`, `12.3`, `123`. */
function short(value: number): string {
  const size = Math.abs(value);
  return String(Number(value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)));
}

/** `today's` times without their day, in the viewer's time zone. */
export function clockText(ms: number | undefined, nowMs: number): string {
  if (ms === undefined || ms <= 0) return NOTHING;
  const date = new Date(ms);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return date.toDateString() === new Date(nowMs).toDateString()
    ? time
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

export type EventTime =
  | { readonly kind: 'unknown' | 'none' | 'end' }
  | { readonly kind: 'at'; readonly ms: number };

/** What a watermark says; `text` of a metric or a number. */
export function eventTime(watermark: string | number | undefined): EventTime {
  const ms = typeof watermark === 'string' ? Number.parseFloat(watermark) : watermark;
  if (ms === undefined || Number.isNaN(ms)) return { kind: 'unknown' };
  if (ms <= TIME_MIN) return { kind: 'none' };
  return ms >= TIME_MAX ? { kind: 'end' } : { kind: 'at', ms };
}

/** Event time is told in UTC, as records carry it; small numbers, as tests use them, as they are. */
export function watermarkText(watermark: string | number | undefined): string {
  const time = eventTime(watermark);
  switch (time.kind) {
    case 'unknown':
      return NOTHING;
    case 'none':
      return 'none yet';
    case 'end':
      return 'at the end';
    case 'at':
      return instantText(time.ms);
  }
}

/** The same without the day, where there is one. */
export function watermarkClock(watermark: number | undefined): string {
  const text = watermarkText(watermark);
  return /^\d{4}-\d\d-\d\d /.test(text) ? text.slice('2000-01-01 '.length) : text;
}

function instantText(ms: number): string {
  const isDate = ms > 86_400_000_000 && ms < 253_402_300_800_000;
  if (!isDate) return String(ms);
  const text = new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
  return text.endsWith('.000') ? text.slice(0, -4) : text;
}

/** In whole seconds. */
export function agoText(ms: number | undefined, nowMs: number): string {
  if (ms === undefined || ms <= 0) return NOTHING;
  const seconds = Math.floor((nowMs - ms) / 1000);
  return seconds < 1 ? 'just now' : `${durationText(seconds * 1000)} ago`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `name (1/2)`: the second number is the parallelism. */
export function subtaskText(name: string, subtask: number, parallelism: number): string {
  return parallelism === 1 ? name : `${name} (${subtask + 1}/${parallelism})`;
}

/** The text of a plan's description, which comes as HTML. */
export function plainText(html: string): string {
  return html
    .replace(/<br\s*\/?>/g, '\n')
    .replace(/&#92;/g, '\\')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');
}
