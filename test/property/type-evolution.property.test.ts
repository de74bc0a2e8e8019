import fc from 'fast-check';
import t from 'tap';
import { ByteReader } from '../../core/serde/byte-reader.js';
import { ByteWriter } from '../../core/serde/byte-writer.js';
import { interpretedCodec } from '../../core/serde/interpreted-codec.js';
import { type TypeNode, typeId } from '../../core/serde/type-descriptor.js';
import { typeEvolution } from '../../core/serde/type-evolution.js';
import { TypeText } from '../../core/serde/type-text.js';
import { check } from '../check.js';
import { asDescriptor, editedType } from './edited-types.js';
import { type TypedValues, typedValue, typedValues } from './typed-values.js';

function encode(type: TypeNode, value: unknown): Uint8Array {
  const writer = new ByteWriter();
  interpretedCodec(asDescriptor(type)).encode(value, writer);
  return writer.bytes.slice(writer.mark, writer.position);
}

function decode(type: TypeNode, bytes: Uint8Array): unknown {
  return interpretedCodec(asDescriptor(type)).decode(new ByteReader(bytes));
}

/** What a restore makes of stored bytes: by the text of the stored type, as a checkpoint has nothing else. */
function restored(stored: TypeNode, declared: TypeNode, bytes: Uint8Array): Uint8Array {
  const read = new TypeText(typeId(stored)).type();
  const evolution = typeEvolution(read, declared);
  if (evolution.kind === 'as-is') return bytes;
  if (evolution.kind === 'refuse') {
    throw new Error(`${typeId(stored)} to ${typeId(declared)}: refused at ${evolution.path}`);
  }
  return encode(declared, evolution.convert(decode(read, bytes)));
}

function expectSame(found: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(found, expected) !== 0) {
    throw new Error(
      `${what}: ${Buffer.from(found).toString('hex')}, not ${Buffer.from(expected).toString('hex')}`,
    );
  }
}

/** A type, a value of it, and an edit of the type. */
const editedValue = typedValues.chain(({ type, value }: TypedValues) =>
  fc.tuple(fc.constant(type as TypeNode), value, editedType(type, { removes: true })),
);

t.test('what is restored of a changed type is the value with the change, bit for bit', async () => {
  await check(
    'edited types',
    fc.property(editedValue, ([stored, value, { declared, expected }]) => {
      const bytes = encode(stored, value);
      // A value as it is decoded has every optional field.
      const wanted = encode(declared, expected(decode(stored, bytes)));
      expectSame(restored(stored, declared, bytes), wanted, `${typeId(stored)} to ${typeId(declared)}`);
    }),
    { runs: 1000 },
  );
});

t.test('every type is as it is to itself', async () => {
  await check(
    'reflexive',
    fc.property(
      typedValue,
      ([type]) => typeEvolution(new TypeText(typeId(type)).type(), type).kind === 'as-is',
    ),
    { runs: 300 },
  );
});

t.test('two changes at once are the same as one after the other', async () => {
  const twice = typedValues.chain(({ type, value }: TypedValues) =>
    editedType(type, { removes: false }).chain((first) =>
      fc.tuple(
        fc.constant(type as TypeNode),
        value,
        fc.constant(first.declared),
        editedType(first.declared, { removes: false }),
      ),
    ),
  );
  await check(
    'transitive',
    fc.property(twice, ([stored, value, between, { declared }]) => {
      const bytes = encode(stored, value);
      const steps = restored(between, declared, restored(stored, between, bytes));
      expectSame(restored(stored, declared, bytes), steps, `${typeId(stored)} to ${typeId(declared)}`);
    }),
    { runs: 500 },
  );
});

t.test('of two types that have nothing to do with each other, none is left as it is by chance', async () => {
  await check(
    'as it is',
    fc.property(typedValue, typedValues, ([stored, value], { type: declared }) => {
      const evolution = typeEvolution(stored, declared);
      if (evolution.kind === 'refuse') return;
      const bytes = encode(stored, value);
      const found =
        evolution.kind === 'as-is' ? bytes : encode(declared, evolution.convert(decode(stored, bytes)));
      // Whatever was decided, what is there now is of the declared type, to the last byte.
      expectSame(
        encode(declared, decode(declared, found)),
        found,
        `${typeId(stored)} to ${typeId(declared)}`,
      );
    }),
    { runs: 1000 },
  );
});
