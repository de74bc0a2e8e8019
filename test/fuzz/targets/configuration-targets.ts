import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from '../../../actors/cli/configuration.js';
import { parseProperties } from '../../../core/api/properties-text.js';
import {
  durationMs,
  encodeUtf8,
  JobParameters,
  OPTION_KEYS,
  parseIso8601,
  parseMemoryBytes,
  printMemoryBytes,
  resolveOptions,
} from '../../../core/internal.js';
import { parseFloat32, parseFloat64 } from '../../../memory/decimal.js';
import { type FuzzTarget, found } from '../fuzz-target.js';

/** As a command line, an environment or a file gives it. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

const FOLDER = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'));
process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));

const file: FuzzTarget = {
  name: 'configuration-file',
  refusals: ['MR4001', 'MR4002'],
  seeds: async () => [
    encodeUtf8(
      '{"taskmanager":{"numberOfTaskSlots":2},"parallelism.default":"4","state.backend.type":"heap"}',
    ),
    encodeUtf8('{"execution.checkpointing.interval":"5 s","taskmanager.memory.process.size":"1 gb"}'),
  ],
  words: [
    '{"taskmanager":',
    '"__proto__":',
    '[',
    '{"a":',
    '"constructor":',
    '1e999',
    '"execution.buffer-timeout.interval"',
  ],
  read(bytes) {
    writeFileSync(join(FOLDER, 'millrace.config.json'), bytes);
    const stream = { write: () => true };
    const { values } = loadConfiguration(
      { stdout: stream, stderr: stream, environment: {}, workingDirectory: FOLDER, version: '' },
      { define: [] },
    );
    for (const [key, value] of Object.entries(values))
      if (typeof value === 'number' && !Number.isFinite(value)) found('a number that is none', { key });
  },
};

/** The first byte tells whose value the rest is. */
const values: FuzzTarget = {
  name: 'option-value',
  refusals: ['MR4001', 'MR4002'],
  seeds: async () =>
    ['5 s', '-1', '64 mb', 'true', '0.5', 'heap', '1-5,8081', 'fixed-delay'].flatMap((text) =>
      [0, 7, 31, 64].map((key) => Uint8Array.of(key, ...encodeUtf8(text))),
    ),
  words: ['constructor', ' ms', ' min', 'kb', '99999999999', '0x1', '-0', '   ', '1.5'],
  read(bytes) {
    const key = OPTION_KEYS[(bytes[0] ?? 0) % OPTION_KEYS.length] ?? 'parallelism.default';
    const text = textOf(bytes.subarray(1));
    const resolved = resolveOptions([{ origin: 'flag', values: { [key]: text } }]);
    const value = resolved.values[key];
    if (typeof value === 'number' && !Number.isFinite(value)) found('a number that is none', { key, text });
  },
};

/** What single values are made of; the first byte tells which. */
const scalars: FuzzTarget = {
  name: 'scalar-text',
  refusals: ['MR1001', 'MR1008', 'MR4002'],
  seeds: async () =>
    ['1 h', '500', '1.5 s', '64 mb', '1e-3f', '.5d', '2026-01-31T12:30:05.250+02:00', '--n=3'].flatMap(
      (text) => [0, 1, 2, 3, 4, 5].map((kind) => Uint8Array.of(kind, ...encodeUtf8(text))),
    ),
  words: ['constructor', '1 constructor', ' ', '.', '000', 'e', 'Infinity', '1e400'],
  read(bytes) {
    const text = textOf(bytes.subarray(1));
    switch ((bytes[0] ?? 0) % 6) {
      case 0: {
        const ms = durationMs(text);
        if (!Number.isFinite(ms)) found('a duration that is none', text);
        return;
      }
      case 1: {
        const size = parseMemoryBytes(text);
        if (parseMemoryBytes(printMemoryBytes(size)) !== size) found('a size that prints as another', text);
        return;
      }
      case 2:
        parseFloat32(text);
        parseFloat64(text);
        return;
      case 3: {
        const ms = parseIso8601(text);
        if (ms !== undefined && !Number.isSafeInteger(ms)) found('a time that is none', text);
        return;
      }
      case 4: {
        const parameters = new JobParameters([`--${text}`, '--n', text]);
        if (!Number.isFinite(parameters.getDuration('n'))) found('a duration that is none', text);
        return;
      }
      default:
        new JobParameters(text.split(' ')).all();
    }
  },
};

const properties: FuzzTarget = {
  name: 'properties',
  refusals: [],
  seeds: async () => [
    encodeUtf8(
      '# a comment\ninput = flights.jsonl\nbound : 29 h\nlong = a\\\n   b\\\\\nunicode=\\u00e9\\t\nempty\n',
    ),
  ],
  words: ['\\\n', '\\', '\\u12', '=', ':', '__proto__=1', '!'],
  read(bytes) {
    const parsed = parseProperties(textOf(bytes));
    for (const [key, value] of parsed) if (key === '' || typeof value !== 'string') found('no property', key);
  },
};

export const CONFIGURATION_TARGETS: readonly FuzzTarget[] = [file, values, scalars, properties];
