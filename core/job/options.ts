import { ADAPTIVE_SCHEDULER_OPTIONS } from './adaptive-scheduler-options.js';
import { CHECKPOINTING_OPTIONS } from './checkpointing-options.js';
import { HIGH_AVAILABILITY_OPTIONS } from './high-availability-options.js';
import { JOB_MANAGER_OPTIONS } from './job-manager-options.js';
import { LOG_OPTIONS } from './log-options.js';
import { METRIC_OPTIONS } from './metric-options.js';
import { MONITORING_OPTIONS } from './monitoring-options.js';
import type {
  OptionDefinition,
  OptionRange,
  OptionTable,
  OptionType,
  OptionValue,
} from './option-definition.js';
import { PIPELINE_OPTIONS } from './pipeline-options.js';
import { REST_OPTIONS } from './rest-options.js';
import { RESTART_STRATEGY_OPTIONS } from './restart-strategy-options.js';
import { S3_OPTIONS } from './s3-options.js';
import { SESSION_OPTIONS } from './session-options.js';
import { SLOT_OPTIONS } from './slot-options.js';
import { TASK_MANAGER_OPTIONS } from './task-manager-options.js';

/**
 * Every configuration key, once. Validation, `millrace config`, `--help` and the README's table are made
 * from it; keys, meanings and defaults are Flink's where Flink has one.
 */
export const CONFIG_OPTIONS = {
  ...PIPELINE_OPTIONS,
  ...CHECKPOINTING_OPTIONS,
  ...S3_OPTIONS,
  ...RESTART_STRATEGY_OPTIONS,
  ...ADAPTIVE_SCHEDULER_OPTIONS,
  ...SLOT_OPTIONS,
  ...TASK_MANAGER_OPTIONS,
  ...JOB_MANAGER_OPTIONS,
  ...MONITORING_OPTIONS,
  ...REST_OPTIONS,
  ...HIGH_AVAILABILITY_OPTIONS,
  ...SESSION_OPTIONS,
  ...METRIC_OPTIONS,
  ...LOG_OPTIONS,
} as const satisfies OptionTable;

export type OptionKey = keyof typeof CONFIG_OPTIONS;

/** Resolved values by key: durations in ms, sizes in bytes, what the memory calculator judges as text. */
export type OptionValues = { readonly [K in OptionKey]: OptionValue<(typeof CONFIG_OPTIONS)[K]> };

/** One row for people. */
export interface OptionDescription {
  readonly key: OptionKey;
  readonly type: string;
  readonly default: string;
  readonly range: string;
  readonly description: string;
  readonly environment: string;
}

export const OPTION_KEYS: readonly OptionKey[] = Object.keys(CONFIG_OPTIONS) as OptionKey[];

/** Newer key by older name. */
const RENAMED: ReadonlyMap<string, OptionKey> = new Map(
  OPTION_KEYS.flatMap((key) =>
    (definitionOf(key).deprecatedKeys ?? []).map((older) => [older, key] as const),
  ),
);

export function definitionOf(key: OptionKey): OptionDefinition {
  return CONFIG_OPTIONS[key];
}

export function isOptionKey(name: string): name is OptionKey {
  return Object.hasOwn(CONFIG_OPTIONS, name);
}

/** The key that an older name stands for, or undefined. */
export function renamedTo(name: string): OptionKey | undefined {
  return RENAMED.get(name);
}

/** Every name that is accepted: keys first, then their older names. */
export function optionNames(): readonly string[] {
  return [...OPTION_KEYS, ...RENAMED.keys()];
}

/**
 * The environment variable of a key.
 *
 * @example
 * ```ts
 * environmentName('execution.checkpointing.min-pause'); // 'MILLRACE_EXECUTION_CHECKPOINTING_MIN_PAUSE'
 * ```
 */
export function environmentName(name: string): string {
  return `MILLRACE_${name.replaceAll(/[.-]/g, '_').toUpperCase()}`;
}

/** The whole table for people, in the order of the source. */
export function describeOptions(): readonly OptionDescription[] {
  return OPTION_KEYS.map((key) => {
    const definition = definitionOf(key);
    return {
      key,
      type: describeType(definition.type),
      default: definition.default === undefined ? '' : String(definition.default),
      range: describeRange(definition.range),
      description: definition.description,
      environment: environmentName(key),
    };
  });
}

export function describeType(type: OptionType): string {
  switch (type.kind) {
    case 'memory':
      return 'memory size';
    case 'int':
      return 'integer';
    case 'double':
      return 'number';
    case 'fraction':
      return 'fraction';
    case 'enum':
      return type.values.join(' | ');
    default:
      return type.kind;
  }
}

export function describeRange(range: OptionRange | undefined): string {
  if (range === undefined) return '';
  const parts: string[] = [];
  if (range.min !== undefined) parts.push(`at least ${range.min}`);
  if (range.above !== undefined) parts.push(`greater than ${range.above}`);
  if (range.max !== undefined) parts.push(`at most ${range.max}`);
  if (range.except !== undefined) parts.push(`not ${range.except}`);
  return parts.join(', ');
}
