import { MillraceError } from '../base/millrace-error.js';
import { type KeyTypeEvolution, keyTypeEvolution } from '../serde/key-type-evolution.js';
import { type TypeNode, typeId } from '../serde/type-descriptor.js';
import { type Conversion, type TypeRefusal, typeEvolution } from '../serde/type-evolution.js';
import { TypeText } from '../serde/type-text.js';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  type StateDescriptor,
  ValueStateDescriptor,
} from './state-descriptor.js';
import { type StateTableType, stateTableType } from './state-entry.js';

/** What becomes of the rows of a state that is declared in another way than it was stored. */
export type StateEvolution =
  /** The same bytes mean the same values. */
  | { readonly kind: 'as-is' }
  | { readonly kind: 'migrate'; readonly change: StateChange }
  | ({ readonly kind: 'refuse' } & TypeRefusal);

/** What is done to each value, element or entry. */
export interface StateChange {
  /** Undefined: the bytes after the time of writing stay. */
  readonly convert: Conversion | undefined;
  /** `begins`: it was written when it is restored. `ends`: it stays for ever. */
  readonly ttl: 'begins' | 'ends' | 'unchanged';
  /** Each key of a map has to be of the declared type, as nobody saw to it before. */
  readonly checksKeys: boolean;
}

/**
 * Decides what becomes of the rows of a state, by the tables of type-evolution.ts for values, elements, entries and
 * accumulators, and of key-type-evolution.ts for the keys of maps. Kind and scope stay what they were: other rows
 * stand for them. A time to live may begin, and be of another length; it may end, but not that of a list.
 */
export function stateEvolution(stored: StateTableType, declared: StateTableType): StateEvolution {
  if (shapeOf(stored) !== shapeOf(declared)) {
    return {
      kind: 'refuse',
      path: '',
      stored: shapeOf(stored),
      declared: shapeOf(declared),
      hint: 'Other rows stand for the one than for the other: keep what it was.',
    };
  }
  const keys = keyEvolutionOf(stored, declared);
  if (keys.kind === 'refuse') return keys;
  const values = typeEvolution(stored.valueType, declared.valueType);
  if (values.kind === 'refuse') return values;
  const ttl = stored.ttl === declared.ttl ? 'unchanged' : declared.ttl ? 'begins' : 'ends';
  if (ttl === 'ends' && stored.kind === 'list') {
    return {
      kind: 'refuse',
      path: '',
      stored: 'a list with ttl',
      declared: 'a list without ttl',
      hint: 'Elements that have ended are missing from it, which no other list may: give it a longer time to live.',
    };
  }
  if (keys.kind === 'as-is' && values.kind === 'as-is' && ttl === 'unchanged') return values;
  const convert = values.kind === 'as-is' ? undefined : values.convert;
  return { kind: 'migrate', change: { convert, ttl, checksKeys: keys.kind === 'check' } };
}

function keyEvolutionOf(stored: StateTableType, declared: StateTableType): KeyTypeEvolution {
  if (stored.keyType === undefined || declared.keyType === undefined) return { kind: 'as-is' };
  return keyTypeEvolution(stored.keyType, declared.keyType);
}

/** Which rows stand for a state. */
function shapeOf({ kind, layout, perWindow }: StateTableType): string {
  return [kind, layout, perWindow ? 'per window' : ''].filter((word) => word !== '').join(' ');
}

/** The canonical text of a state, which a checkpoint holds. */
export function stateTableText(descriptor: StateDescriptor, perWindow: boolean): string {
  return perWindow ? `${descriptor.typeId} per window` : descriptor.typeId;
}

/** What a descriptor declares: what its text says, with types that know of defaults and former names. */
export function stateTypeOf(descriptor: StateDescriptor, perWindow: boolean): StateTableType {
  return {
    ...stateTableType(stateTableText(descriptor, perWindow)),
    keyType: descriptor instanceof MapStateDescriptor ? descriptor.keyType : undefined,
    valueType: valueTypeOf(descriptor),
  };
}

/** The type of its values, elements, entries' values or accumulators. */
export function valueTypeOf(descriptor: StateDescriptor): TypeNode {
  if (descriptor instanceof ListStateDescriptor) return descriptor.elementType;
  if (descriptor instanceof MapStateDescriptor) return descriptor.valueType;
  if (descriptor instanceof AggregatingStateDescriptor) return descriptor.accumulatorType;
  if (descriptor instanceof ValueStateDescriptor || descriptor instanceof ReducingStateDescriptor)
    return descriptor.type;
  throw new MillraceError('MR1001', `'${descriptor.name}' is no descriptor of state.`);
}

/** In the place of a table without rows: what a checkpoint says of the keys of an operator. */
export const KEYS_TABLE = 'keys';

/** The text of the type of keys. */
export function keysText(type: TypeNode): string {
  return `keys<${typeId(type)}>`;
}

/**
 * Sees to it that keys that were stored can be found.
 *
 * @throws MillraceError MR2103 if those of the declared type are others
 */
export function checkStoredKeys(text: string, declared: TypeNode): void {
  const input = new TypeText(text);
  input.expect('keys<');
  const stored = input.type();
  if (keyTypeEvolution(stored, declared).kind !== 'refuse') return;
  const types = `${typeId(stored)}, and is looked for under keys of type ${typeId(declared)}`;
  throw new MillraceError('MR2103', `The state is stored under keys of type ${types}.`, {
    why: 'Keys are found by their bytes, and decide which subtask has them, so they stay what they were.',
    hint: 'Key by what it was keyed by. Or give the operator another uid, and begin it empty.',
  });
}

/**
 * The error for a state that cannot be restored. `state`: its name, with what it is: `state 'count'`. `instead`: what
 * goes without it.
 */
export function stateRefused(
  state: string,
  { path, stored, declared, hint }: TypeRefusal,
  instead = 'give the state another name, and it begins empty',
): MillraceError {
  const place = path === '' ? '' : `, field '${path}',`;
  return new MillraceError(
    'MR2103',
    `The ${state}${place} is stored as ${stored}, and declared as ${declared}.`,
    {
      hint: `${hint} Or ${instead}.`,
    },
  );
}
