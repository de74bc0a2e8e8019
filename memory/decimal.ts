/**
 * Numbers as the JVM reads, prints and multiplies them. A memory plan is derived from fractions that are
 * 32-bit floats; it agrees with Flink's to the byte only if each of these steps does.
 */

const FLOAT_TEXT = /^[+-]?(?:NaN|Infinity|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/;

/** `text` as a JVM float widened to a number, or undefined if it is none. Space around it is allowed. */
export function parseFloat32(text: string): number | undefined {
  const trimmed = text.trim();
  if (!FLOAT_TEXT.test(trimmed)) return undefined;
  const decimal = trimmed.replace(/[fFdD]$/, '');
  const double = Number(decimal);
  const float = Math.fround(double);
  if (float === double || !Number.isFinite(float)) return float;
  const neighbour = nextFloat32(float, double > float ? 1 : -1);
  // Rounding the text to a double and the double to a float is rounding twice. It only matters if the
  // double fell exactly between two floats: then the text itself has to decide.
  if (double - float !== neighbour - double) return float;
  const side = compareDecimal(decimal, double);
  if (side === 0) return float;
  return side > 0 ? Math.max(float, neighbour) : Math.min(float, neighbour);
}

/** `text` as a JVM double, or undefined if it is none. */
export function parseFloat64(text: string): number | undefined {
  const trimmed = text.trim();
  return FLOAT_TEXT.test(trimmed) ? Number(trimmed.replace(/[fFdD]$/, '')) : undefined;
}

/** A double as the JVM prints it: `0.1`, `1.0`, `1.0E-4`, `NaN`. */
export function printFloat64(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}

/**
 * `whole` times the shortest decimal that reads back as `factor`, exactly, then cut off at the point.
 * `factor` is finite and not negative.
 */
export function timesTruncated(whole: bigint, factor: number): bigint {
  const { digits, exponent } = decimalOf(String(factor));
  if (exponent >= 0) return whole * digits * 10n ** BigInt(exponent);
  return (whole * digits) / 10n ** BigInt(-exponent);
}

/** `text` = digits x 10^exponent. */
function decimalOf(text: string): { readonly digits: bigint; readonly exponent: number } {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(`${whole}${fraction}`), exponent: Number(power) - fraction.length };
}

/** Below, equal to or above zero as the decimal `text` is less than, equal to or greater than `double`. */
function compareDecimal(text: string, double: number): number {
  const negative = text.startsWith('-');
  const left = decimalOf(text.replace(/^[+-]/, ''));
  const right = decimalOf(exactDecimal(Math.abs(double)));
  const exponent = Math.min(left.exponent, right.exponent);
  const a = left.digits * 10n ** BigInt(left.exponent - exponent);
  const b = right.digits * 10n ** BigInt(right.exponent - exponent);
  if (a === b) return 0;
  return a > b === negative ? -1 : 1;
}

/** All digits of a positive double, which is an integer divided by a power of two, hence a finite decimal. */
function exactDecimal(double: number): string {
  let whole = double;
  let halvings = 0;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    halvings++;
  }
  return `${BigInt(whole) * 5n ** BigInt(halvings)}e-${halvings}`;
}

/** The float next to `float` in the given direction. */
function nextFloat32(float: number, direction: 1 | -1): number {
  const bits = new Int32Array(1);
  const floats = new Float32Array(bits.buffer);
  floats[0] = float;
  const away = float === 0 ? direction > 0 : float > 0 === direction > 0;
  if (float === 0) bits[0] = direction > 0 ? 1 : -0x7fff_ffff;
  else bits[0] = (bits[0] ?? 0) + (away ? 1 : -1);
  return floats[0] ?? float;
}
