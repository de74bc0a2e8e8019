import { MillraceError } from './millrace-error.js';

/** Milliseconds, or a text such as `'500 ms'`, `'2 s'`, `'1 min'`, `'1 h'`, `'1 d'`; the space is optional. */
export type Duration = number | string;

const UNIT_MS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ms: 1,
    milli: 1,
    millis: 1,
    millisecond: 1,
    milliseconds: 1,
    s: 1000,
    sec: 1000,
    second: 1000,
    seconds: 1000,
    m: 60_000,
    min: 60_000,
    minute: 60_000,
    minutes: 60_000,
    h: 3_600_000,
    hour: 3_600_000,
    hours: 3_600_000,
    d: 86_400_000,
    day: 86_400_000,
    days: 86_400_000,
  }),
);

/**
 * Milliseconds of a {@link Duration}. Negative values are allowed; who cannot take them says so.
 *
 * @throws MillraceError MR1001 if the text is no duration or the number not finite, or more than a number holds exactly
 */
export function durationMs(duration: Duration, what = 'duration'): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration)) return Math.trunc(duration);
    throw new MillraceError('MR1001', `The ${what} is ${duration}, which is no number of milliseconds.`);
  }
  const match = /^(-?\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(duration.trim());
  const unit = match?.[2]?.toLowerCase();
  const factor = unit === '' ? 1 : UNIT_MS.get(unit ?? '?');
  const ms = Math.trunc(Number(match?.[1]) * (factor ?? Number.NaN));
  if (!Number.isSafeInteger(ms)) {
    throw new MillraceError('MR1001', `The ${what} '${duration}' is not understood.`, {
      hint: "Write milliseconds, or a number and a unit: '500 ms', '2 s', '1 min', '1 h', '1 d'.",
    });
  }
  return ms;
}

/** A duration for people: `950 ms`, `2.5 s`, `1 h 30 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms % 1000 === 0 ? 0 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) {
    const seconds = Math.round((ms % 60_000) / 1000);
    return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
  }
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
