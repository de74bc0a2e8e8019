import { MillraceError } from '../core/internal.js';
import { type MemoryConfiguration, readMemorySize } from './memory-configuration.js';

const SEGMENT_SIZE = 'taskmanager.memory.segment-size';

/** Bytes; a smaller segment would spend itself on headers. */
const SEGMENT_SIZE_MIN = 4096;

/** Bytes of a network segment. @throws MillraceError MR4002, or MR4003 for a size that no segment has */
export function readSegmentSize(config: MemoryConfiguration): number {
  const { bytes } = readMemorySize(config, SEGMENT_SIZE);
  if (bytes > 0x7fff_ffffn) {
    throw new MillraceError('MR4003', `Cannot downcast long value ${bytes} to integer.`, {
      where: { at: SEGMENT_SIZE },
    });
  }
  const size = Number(bytes);
  if (size < SEGMENT_SIZE_MIN) throw refused(size, `Minimum memory segment size is ${SEGMENT_SIZE_MIN}`);
  if ((size & (size - 1)) !== 0) throw refused(size, 'Memory segment size must be a power of 2.');
  return size;
}

function refused(size: number, rule: string): MillraceError {
  return new MillraceError('MR4003', `Invalid configuration value for ${SEGMENT_SIZE} : ${size} - ${rule}`);
}
