import t from 'tap';
import { decideRetention, type LoggedSlot, type RetentionFacts } from '../../../core/checkpoint/retention.js';

const start = (slot: number, run = 1): LoggedSlot => ({ slot, run, checkpointId: undefined, fileKeys: [] });
const checkpoint = (slot: number, checkpointId: number, fileKeys: string[], run = 1): LoggedSlot => ({
  slot,
  run,
  checkpointId,
  fileKeys,
});
const file = (key: string, checkpointId: number, epoch = 1) => ({ key, checkpointId, epoch });

function facts(over: Partial<RetentionFacts>): RetentionFacts {
  return {
    keptCount: 1,
    epoch: 1,
    run: 1,
    slots: [],
    dataFiles: [],
    underWay: [],
    spared: new Map(),
    ...over,
  };
}

t.test('the newest checkpoints stay with their files, the rest goes at the second pass', async (t) => {
  const slots = [
    start(1),
    checkpoint(2, 1, ['a']),
    checkpoint(3, 2, ['a', 'b']),
    checkpoint(4, 3, ['b', 'c']),
  ];
  const dataFiles = [file('a', 1), file('b', 2), file('c', 3), file('left-over', 2)];
  const first = decideRetention(facts({ slots, dataFiles }));
  t.same(first.slots, [1, 2, 3]);
  t.same(first.dataKeys, []);
  t.same([...first.spared.keys()], ['a', 'left-over']);
  const second = decideRetention(facts({ slots: slots.slice(3), dataFiles, spared: first.spared }));
  t.same(second.dataKeys, ['a', 'left-over']);
  t.same([...second.kept], ['b', 'c']);
  t.equal(second.newestCheckpointId, 3);
  t.same(decideRetention(facts({ keptCount: 2, slots, dataFiles })).slots, [1, 2]);
});

t.test('what is being written, or was written by somebody newer, is never touched', async (t) => {
  const dataFiles = [file('pending', 4), file('newer-leader', 2, 9), file('old-leader', 2, 0)];
  const slots = [start(1), checkpoint(2, 3, [])];
  const spared = new Map(['pending', 'newer-leader', 'old-leader'].map((key) => [key, []]));
  t.same(decideRetention(facts({ slots, dataFiles, spared })).dataKeys, ['old-leader']);
});

t.test('a file stays as long as a checkpoint is under way that may build on it', async (t) => {
  // Of three that were triggered when 1 was the newest, 2 and 3 are completed before 4, which alone builds on it.
  const dataFiles = [file('a', 1)];
  const pass = (slots: LoggedSlot[], underWay: number[], spared: RetentionFacts['spared']) =>
    decideRetention(facts({ slots, dataFiles, underWay, spared }));
  const afterTwo = pass([checkpoint(3, 2, [])], [3, 4], new Map());
  const afterThree = pass([checkpoint(4, 3, [])], [4, 5], afterTwo.spared);
  t.same([afterTwo.dataKeys, afterThree.dataKeys], [[], []]);
  t.ok(afterThree.kept.has('a'), 'so 4 may name it');
  t.same(pass([checkpoint(5, 4, ['a'])], [5], afterThree.spared).dataKeys, []);
  t.same(pass([checkpoint(4, 3, [])], [5, 6], afterThree.spared).dataKeys, ['a'], '4 was given up');
});

t.test('a file that is named again is spared again', async (t) => {
  const slots = [checkpoint(2, 3, ['a'])];
  const decision = decideRetention(facts({ slots, dataFiles: [file('a', 1)], spared: new Map([['a', []]]) }));
  t.same(decision.dataKeys, []);
  t.equal(decision.spared.size, 0);
});

t.test('a file that a list leaves out stays where a checkpoint names it', async (t) => {
  const slots = [checkpoint(2, 3, ['listed', 'unlisted'])];
  t.same([...decideRetention(facts({ slots, dataFiles: [file('listed', 2)] })).kept].sort(), [
    'listed',
    'unlisted',
  ]);
});

t.test('nothing goes before the run has a completed checkpoint; then the runs before it go', async (t) => {
  const before = [start(1), checkpoint(2, 1, ['a'])];
  const dataFiles = [file('a', 1), file('b', 2)];
  const none = decideRetention(facts({ run: 3, slots: [...before, start(3, 3)], dataFiles }));
  t.same([none.slots, none.dataKeys, none.newestCheckpointId], [[], [], 0]);
  t.same([...none.kept], ['a', 'b']);
  const slots = [...before, start(3, 3), checkpoint(4, 2, ['b'], 3)];
  const some = decideRetention(facts({ run: 3, keptCount: 5, slots, dataFiles }));
  t.same(some.slots, [1, 2]);
  t.same([...some.spared.keys()], ['a']);
});

t.test('slots go from the bottom only, and the newest stays whatever it is', async (t) => {
  const slots = [checkpoint(5, 1, []), start(6), start(7), checkpoint(8, 2, []), start(9)];
  t.same(decideRetention(facts({ slots })).slots, [5, 6, 7]);
  t.same(decideRetention(facts({ slots: [checkpoint(5, 1, []), start(6)] })).slots, []);
});
