import { isMillraceError } from '../../core/internal.js';
import type { FuzzTarget } from './fuzz-target.js';

/** What any input may cost, and what each byte of it may besides. */
const CPU_MS = 1500;
const CPU_MS_PER_BYTE = 0.004;
const MEMORY_BYTES = 48 * 1024 * 1024;
const MEMORY_BYTES_PER_BYTE = 400;

/**
 * Has a target read the bytes, and rejects if that is a defect: an error that is no refusal, time or memory out of
 * proportion. Resolves to whether the bytes were accepted.
 *
 * Time is that of the processor, which a busy machine does not lengthen; memory is what is held at the end or was not
 * collected yet, so a collection may hide some, and never shows more.
 */
export async function readBounded(target: FuzzTarget, bytes: Uint8Array): Promise<boolean> {
  const memory = heldBytes();
  const cpu = process.cpuUsage();
  const accepted = await isAccepted(target, bytes);
  const { user, system } = process.cpuUsage(cpu);
  const ms = (user + system) / 1000;
  if (ms > CPU_MS + bytes.length * CPU_MS_PER_BYTE)
    throw new Error(`${target.name}: ${bytes.length} bytes took ${Math.round(ms)} ms`);
  const held = heldBytes() - memory;
  if (held > MEMORY_BYTES + bytes.length * MEMORY_BYTES_PER_BYTE)
    throw new Error(`${target.name}: ${bytes.length} bytes took ${Math.round(held / 1024 / 1024)} MB`);
  return accepted;
}

async function isAccepted(target: FuzzTarget, bytes: Uint8Array): Promise<boolean> {
  try {
    await target.read(bytes);
    return true;
  } catch (error) {
    if (isMillraceError(error) && target.refusals.includes(error.code)) return false;
    throw error;
  }
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
