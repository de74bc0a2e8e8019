import t from 'tap';
import { SplitAssignmentTracker } from '../../../core/job/split-assignment-tracker.js';
import type { TaskMessage } from '../../../core/protocol/control-message.js';

const READER = { vertexId: 0, subtask: 1 };

function splits(...values: readonly string[]): TaskMessage {
  return { type: 'splits-assigned', splits: values };
}

function trigger(checkpointId: number): TaskMessage {
  return { type: 'trigger-checkpoint', checkpointId, timestamp: 0, kind: 'checkpoint' };
}

function tracker(...messages: readonly TaskMessage[]): SplitAssignmentTracker {
  const made = new SplitAssignmentTracker();
  for (const message of messages) made.onSent(READER, message);
  return made;
}

t.test('a reader that goes back is sent what it got since the checkpoint, in order', async (t) => {
  const sent = [splits('a'), trigger(1), splits('b'), trigger(2), splits('c', 'd')];
  const back = (checkpointId: number | undefined): readonly TaskMessage[] => {
    const one = tracker(...sent);
    one.onRestored(READER, checkpointId, false);
    return one.again(READER);
  };
  t.same(back(undefined), [splits('a'), splits('b'), splits('c', 'd')]);
  t.same(back(1), [splits('b'), splits('c', 'd')]);
  t.same(back(2), [splits('c', 'd')]);
});

t.test('what a completed checkpoint holds is forgotten', async (t) => {
  const one = tracker(splits('a'), trigger(1), splits('b'), trigger(2), splits('c'));
  one.onSent(READER, { type: 'checkpoint-completed', checkpointId: 1 });
  t.same(one.again(READER), [splits('b'), splits('c')]);
  t.equal(one.hasSince(READER, 2), true);
  one.onRestored(READER, 2, false);
  t.same(one.again(READER), [splits('c')]);
  t.equal(one.hasSince(READER, 2), true, 'it still has to read it');
  one.onSent(READER, trigger(3));
  t.equal(one.hasSince(READER, 3), false);
});

t.test('an aborted checkpoint changes nothing', async (t) => {
  const one = tracker(splits('a'), trigger(1), splits('b'), trigger(2));
  one.onSent(READER, { type: 'checkpoint-aborted', checkpointId: 1 });
  one.onSent(READER, { type: 'checkpoint-completed', checkpointId: 2 });
  t.same(one.again(READER), []);
});

t.test('a reader that goes back alone is told once more that no more splits follow', async (t) => {
  const one = tracker(splits('a'), trigger(1), { type: 'no-more-splits' });
  one.onRestored(READER, 1, false);
  t.same(one.again(READER), [{ type: 'no-more-splits' }]);
});

t.test('one that goes back with its enumerator hears everything from that', async (t) => {
  const one = tracker(splits('a'), trigger(1), splits('b'), { type: 'no-more-splits' });
  one.onRestored(READER, 1, true);
  t.same(one.again(READER), []);
  t.equal(one.known(READER), undefined);
});

t.test('an enumerator that goes back alone is told who waits, and who needs nothing', async (t) => {
  const one = tracker();
  one.onRequested(READER);
  t.same(one.known(READER), { type: 'split-requested', subtask: 1 });
  one.onSent(READER, splits('a'));
  t.equal(one.known(READER), undefined);
  one.onRequested(READER);
  one.onSent(READER, { type: 'no-more-splits' });
  t.same(one.known(READER), { type: 'reader-ended', subtask: 1 });
  const early = tracker();
  early.onEnded(READER);
  t.same(early.known(READER), { type: 'reader-ended', subtask: 1 });
});
