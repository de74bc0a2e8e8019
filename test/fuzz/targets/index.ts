import type { FuzzTarget } from '../fuzz-target.js';
import { CHECKPOINT_TARGETS } from './checkpoint-targets.js';
import { CONFIGURATION_TARGETS } from './configuration-targets.js';
import { CONNECTOR_TARGETS } from './connector-targets.js';
import { DOCUMENT_TARGETS } from './document-targets.js';
import { RECORD_TARGETS } from './record-targets.js';
import { REST_TARGETS } from './rest-targets.js';
import { STATE_TARGETS } from './state-targets.js';

export const TARGETS: readonly FuzzTarget[] = [
  ...CHECKPOINT_TARGETS,
  ...CONNECTOR_TARGETS,
  ...CONFIGURATION_TARGETS,
  ...STATE_TARGETS,
  ...DOCUMENT_TARGETS,
  ...RECORD_TARGETS,
  ...REST_TARGETS,
];

export function targetNamed(name: string): FuzzTarget {
  const target = TARGETS.find((each) => each.name === name);
  if (target !== undefined) return target;
  throw new Error(`There is no target ${name}; there are ${TARGETS.map((each) => each.name).join(', ')}.`);
}
