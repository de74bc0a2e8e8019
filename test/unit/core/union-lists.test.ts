import t from 'tap';
import type { OperatorListHandle, SubtaskSnapshot } from '../../../core/checkpoint/snapshot-handle.js';
import { storedSubtasks } from '../../../core/checkpoint/union-lists.js';

const [A, B, C] = [1, 2, 3].map((n) => Uint8Array.of(n)) as [Uint8Array, Uint8Array, Uint8Array];

function subtask(list: OperatorListHandle): SubtaskSnapshot {
  return { operators: { op: { keyed: undefined, lists: { u: list } } } };
}

/** It has the whole list as it was restored. */
function unclaimed(from: number, to: number): SubtaskSnapshot {
  return subtask({ mode: 'union', items: [A, B, C], own: { from, to } });
}

function claimed(...items: Uint8Array[]): SubtaskSnapshot {
  return subtask({ mode: 'union', items });
}

t.test('of a union list that no subtask has asked for, each gives its own part', async (t) => {
  t.strictSame(storedSubtasks([unclaimed(0, 2), unclaimed(2, 2), unclaimed(2, 3)]), [
    claimed(A, B),
    claimed(),
    claimed(C),
  ]);
});

t.test('where one has asked for it, or has ended, the others give the whole', async (t) => {
  // Who has asked keeps what is its own to keep, since the other has the rest.
  t.strictSame(storedSubtasks([claimed(B), unclaimed(2, 3)]), [claimed(B), claimed(A, B, C)]);
  t.strictSame(storedSubtasks(['finished', unclaimed(2, 3)]), ['finished', claimed(A, B, C)]);
});

t.test('what has no such list is stored as it is', async (t) => {
  const subtasks = [claimed(A), { operators: {} }, 'finished'] as const;
  t.equal(storedSubtasks(subtasks), subtasks);
  const other = { ...unclaimed(0, 3), dataFinished: true } as const;
  t.strictSame(storedSubtasks([other, { operators: {} }]), [
    { ...claimed(A, B, C), dataFinished: true },
    { operators: {} },
  ]);
});
