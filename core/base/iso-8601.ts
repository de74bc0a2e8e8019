/**
 * Dates and times as text, without the clock or the time zone of the machine. The calendar is the
 * proleptic Gregorian one; there are no leap seconds, as in JavaScript.
 */

const MS_PER_DAY = 86_400_000;
/** What a JavaScript Date can hold. */
const MS_MAX = 8.64e15;

const FORM =
  /^([+-]\d{6}|\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:\s?([Zz]|[+-]\d\d(?::?\d\d)?))?)?$/;

/**
 * Milliseconds since the epoch of `2026-01-31`, `2026-01-31T12:30Z`, `2026-01-31 12:30:05.250+02:00` and
 * the like; finer fractions are cut off. Without a zone it is UTC, so that every machine reads the same.
 * undefined if the text is none of these or names no such day or hour.
 */
export function parseIso8601(text: string): number | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[4] ?? 0);
  const minute = Number(match[5] ?? 0);
  const second = Number(match[6] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (minute > 59 || second > 59) return undefined;
  if (hour > 23 && !(hour === 24 && minute === 0 && second === 0 && Number(match[7] ?? 0) === 0))
    return undefined;
  const offset = zoneMinutes(match[8]);
  if (offset === undefined) return undefined;
  const fraction = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const ms =
    daysSinceEpoch(year, month, day) * MS_PER_DAY +
    ((hour * 60 + minute - offset) * 60 + second) * 1000 +
    fraction;
  return Math.abs(ms) <= MS_MAX ? ms : undefined;
}

function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2) || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

/**
 * Days from 1970-01-01. Years are counted from March, so that the leap day is the last of its year, in
 * eras of 400 years = 146,097 days.
 */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
