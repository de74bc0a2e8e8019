import { type StreamNodeSpec, type StreamOrigin, typeOfOrigins } from '../graph/stream-graph.js';
import { type KeyedInput, keyByKey } from '../operator/sorted-input-operator.js';

/**
 * What runs for an operator in a batch: one with keyed inputs is given its records a key at a time, one over a
 * whole stream (`windowAll`) all of them by time; the others are what they are.
 */
export function batchOperatorOf(spec: StreamNodeSpec): StreamNodeSpec['operator'] {
  const operator = spec.batchOperator ?? spec.operator;
  if (operator.kind === 'source' || !operator.factory.needsKeyedState) return operator;
  const keyed = spec.inputs.map(spec.isNonParallel === true ? wholeInput : keyedInput);
  if (keyed.every((input) => input === undefined)) return operator;
  return { kind: 'operator', factory: keyByKey(operator.factory, keyed) };
}

/** All records of a stream, as those of one key. */
function wholeInput(origins: readonly StreamOrigin[]): KeyedInput {
  return { keySelector: () => 0, type: () => typeOfOrigins(origins) };
}

/** Undefined where records do not come by their key. */
function keyedInput(origins: readonly StreamOrigin[]): KeyedInput | undefined {
  const [first, ...others] = origins.map(({ partitioning }) => partitioning?.keySelector);
  if (first === undefined || others.some((other) => other !== first)) return undefined;
  return { keySelector: first, type: () => typeOfOrigins(origins) };
}
