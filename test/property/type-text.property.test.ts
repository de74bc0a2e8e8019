import fc from 'fast-check';
import t from 'tap';
import { typeId } from '../../core/serde/type-descriptor.js';
import { TypeText } from '../../core/serde/type-text.js';
import { stateTableType } from '../../core/state/state-entry.js';
import { check } from '../check.js';
import { refused } from '../refused.js';
import { typedValue } from './typed-values.js';

t.test('the text of a type says all that its codec needs', async () => {
  await check(
    'type text round trip',
    fc.property(typedValue, ([type]) => {
      const text = typeId(type);
      const input = new TypeText(text);
      const again = typeId(input.type());
      if (again !== text || input.rest !== '')
        throw new Error(`${text} was read as ${again} and ${input.rest}`);
    }),
    { runs: 300 },
  );
});

t.test('what is no text of a type is refused, and never read on', async (t) => {
  await check(
    'damaged type texts',
    fc.property(typedValue, fc.nat(), fc.string({ maxLength: 3 }), ([type], at, junk) => {
      const text = typeId(type);
      const cut = at % (text.length + 1);
      const input = new TypeText(text.slice(0, cut) + junk + text.slice(cut + 1));
      try {
        return typeof input.type().kind === 'string';
      } catch (error) {
        return (error as { code?: unknown }).code === 'MR2003';
      }
    }),
    { runs: 300 },
  );
  t.equal(refused(() => new TypeText('['.repeat(1000)).type()).code, 'MR2003');
});

t.test('a state says its kind, its types and its life', async (t) => {
  t.match(stateTableType('value<int32>'), { kind: 'value', valueType: { kind: 'int32' }, ttl: false });
  t.match(stateTableType('map<string,[int32]?> with ttl per window'), {
    kind: 'map',
    keyType: { kind: 'string' },
    valueType: { kind: 'optional', element: { kind: 'array' } },
    ttl: true,
    perWindow: true,
  });
  t.equal(refused(() => stateTableType('timer<key>')).code, 'MR2003');
});
