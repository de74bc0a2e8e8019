import { isMillraceError, MillraceError } from '../core/internal.js';
import { printFloat64 } from './decimal.js';
import {
  isConfigured,
  type MemoryConfiguration,
  readInteger,
  readMemorySize,
} from './memory-configuration.js';
import { MemorySize } from './memory-size.js';
import type { MemoryRemark } from './memory-spec.js';
import {
  isInRange,
  printRange,
  type RangeFraction,
  rangeFraction,
  shareBeside,
  shareOf,
} from './range-fraction.js';
import { readSegmentSize } from './segment-size.js';

/** The network part of a TaskManager's Flink memory. */

const FRACTION = 'taskmanager.memory.network.fraction';
const MIN = 'taskmanager.memory.network.min';
const MAX = 'taskmanager.memory.network.max';
const BUFFER_COUNT = 'taskmanager.network.numberOfBuffers';
const NEWER_KEYS = [MIN, MAX, FRACTION] as const;
const NAME = 'network memory';

/** Network memory as a share of total Flink memory. */
export function networkShare(
  config: MemoryConfiguration,
  totalFlink: MemorySize,
  remarks: MemoryRemark[],
): MemorySize {
  if (isCounted(config)) return countedSize(config);
  return shareOf(NAME, totalFlink, networkRange(config), remarks);
}

/** Network memory as a share of a total of which all else is known. */
export function networkBeside(
  config: MemoryConfiguration,
  others: MemorySize,
  remarks: MemoryRemark[],
): MemorySize {
  if (isCounted(config)) return countedSize(config);
  return shareBeside(NAME, others, networkRange(config), remarks);
}

/** Network memory is the rest; the rest must be what its own keys allow. @throws MillraceError MR4003 */
export function requireNetworkConsistent(
  config: MemoryConfiguration,
  network: MemorySize,
  totalFlink: MemorySize,
  remarks: MemoryRemark[],
): void {
  try {
    requireNetwork(config, network, totalFlink, remarks);
  } catch (error) {
    // A value that cannot be parsed at all is named as that; whatever else is wrong with the network
    // keys only matters because network memory is the rest.
    if (!isMillraceError(error) || error.what.startsWith('Could not parse value')) throw error;
    throw new MillraceError(
      'MR4003',
      'If Total Flink, Task Heap and (or) Managed Memory sizes are explicitly configured then the Network Memory ' +
        'size is the rest of the Total Flink memory after subtracting all other configured types of memory, but ' +
        'the derived Network Memory is inconsistent with its configuration.',
      {
        why: error.why === undefined ? error.what : `${error.what} ${error.why}`,
        hint: `Widen ${MIN} and ${MAX}, or leave one of the other sizes unset.`,
        cause: error,
      },
    );
  }
}

function requireNetwork(
  config: MemoryConfiguration,
  network: MemorySize,
  totalFlink: MemorySize,
  remarks: MemoryRemark[],
): void {
  if (isCounted(config)) {
    const configured = countedSize(config);
    if (configured.equals(network)) return;
    throw new MillraceError(
      'MR4003',
      `Derived Network Memory size (${network.toHumanReadable()}) does not match configured Network Memory size` +
        ` (${configured.toHumanReadable()}).`,
    );
  }
  const range = networkRange(config);
  if (!isInRange(network, range)) {
    throw new MillraceError(
      'MR4003',
      `Derived Network Memory size (${network.toHumanReadable()}) is not in configured Network Memory range` +
        ` ${printRange(range)}.`,
    );
  }
  if (isConfigured(config, FRACTION) && !network.equals(totalFlink.times(range.fraction))) {
    remarks.push({
      level: 'info',
      text:
        `The derived Network Memory size (${network.toHumanReadable()}) does not match the configured Network ` +
        `Memory fraction (${printFloat64(range.fraction)}) from the configured Total Flink Memory size ` +
        `(${totalFlink.toHumanReadable()}). The derived Network Memory size will be used.`,
    });
  }
}

function networkRange(config: MemoryConfiguration): RangeFraction {
  const min = readMemorySize(config, MIN);
  const max = readMemorySize(config, MAX);
  return rangeFraction(min, max, FRACTION, config);
}

/** The number of segments decides only if it is configured and none of the newer keys is. */
function isCounted(config: MemoryConfiguration): boolean {
  return isConfigured(config, BUFFER_COUNT) && !NEWER_KEYS.some((key) => isConfigured(config, key));
}

function countedSize(config: MemoryConfiguration): MemorySize {
  const count = readInteger(config, BUFFER_COUNT);
  return new MemorySize(BigInt(count) * BigInt(readSegmentSize(config)));
}
