import { isSecretName } from '../log/redaction.js';
import type { OptionOrigin, ResolvedOptions } from './resolve-options.js';
import type { RestartStrategy } from './restart-strategy.js';

/** With what a job was started, for people: what looks like a secret is hidden. Plain data. */
export interface JobConfiguration {
  /** By key. Times in ms, sizes in bytes or as written; undefined: unset, and it has no default. */
  readonly options: Readonly<Record<string, ConfiguredOption>>;
  /** `parallelism.default` */
  readonly parallelism: number;
  /** For people: `fixed-delay, 3 restarts, 1 s apart`. */
  readonly restartStrategy: string;
  /** The parameters of the job, as they were given. */
  readonly params: Readonly<Record<string, string>>;
}

export interface ConfiguredOption {
  readonly value: string | number | boolean | undefined;
  readonly origin: OptionOrigin;
}

const HIDDEN = '******';

export function describeConfiguration(
  options: ResolvedOptions,
  restartStrategy: RestartStrategy,
  params: Readonly<Record<string, string>>,
): JobConfiguration {
  const { values, origins } = options;
  const entries = Object.entries(origins).map(([key, origin]) => {
    const value = values[key as keyof typeof values];
    return [key, { value: value !== undefined && isSecretName(key) ? HIDDEN : value, origin }] as const;
  });
  return {
    options: Object.fromEntries(entries),
    parallelism: values['parallelism.default'],
    restartStrategy: restartStrategy.describe(),
    params: Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, isSecretName(name) ? HIDDEN : value]),
    ),
  };
}
