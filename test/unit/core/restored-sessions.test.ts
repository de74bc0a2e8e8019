import t from 'tap';
import type { OperatorStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import { WATERMARK_LIST } from '../../../core/operator/current-watermark.js';
import { EventTimeSessionWindows } from '../../../core/window/event-time-session-windows.js';
import { TimeWindow } from '../../../core/window/time-window.js';
import type { MergingWindowAssigner } from '../../../core/window/window-assigner.js';
import { lastOperator } from '../../last-operator.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { OperatorWorld } from '../../operator-world.js';

const SESSIONS = EventTimeSessionWindows.withGap(100);
/** Merges as sessions do, in its own way: its timers move with the windows. */
const OWN: MergingWindowAssigner = {
  assignWindows: (element, timestamp) => SESSIONS.assignWindows(element, timestamp),
  getDefaultTrigger: () => SESSIONS.getDefaultTrigger(),
  isEventTime: () => true,
  mergeWindows: (windows, merge) => TimeWindow.mergeWindows(windows, merge),
};

function summing(assigner: MergingWindowAssigner, world: OperatorWorld, restored?: OperatorStateHandle) {
  const factory = lastOperator<number>((stream) =>
    stream
      .keyBy(() => 'all')
      .window(assigner)
      .allowedLateness(1000)
      .reduce((a, b) => a + b),
  );
  return OperatorTestHarness.open<number>(factory, { restored }, world);
}

/** The state as two subtasks had left it, of which the other one had come to that watermark only. */
function withAnother(handle: OperatorStateHandle, watermark: number): OperatorStateHandle {
  const own = handle.lists[WATERMARK_LIST];
  const [item] = own?.items ?? [];
  if (own === undefined || item === undefined) throw new Error('a window operator keeps its watermark');
  const items = [watermark, new DataView(item.buffer, item.byteOffset).getFloat64(0)].map((time, subtask) => {
    const made = new DataView(new ArrayBuffer(item.length));
    made.setFloat64(0, time);
    made.setUint32(8, subtask);
    made.setUint32(12, 2);
    return new Uint8Array(made.buffer);
  });
  return { ...handle, lists: { ...handle.lists, [WATERMARK_LIST]: { ...own, items } } };
}

for (const [name, assigner] of Object.entries({ sessions: SESSIONS, 'own windows that merge': OWN })) {
  for (const [what, time] of Object.entries({ 'as it is': 0, 'and grows': 50 })) {
    t.test(`${name}: one that had fired before a rescale fires again, ${what}`, async (t) => {
      const world = new OperatorWorld();
      const before = await summing(assigner, world);
      before.element(1, 0);
      before.watermark(200);
      t.same(before.takeRecords(), [[1, 99]]);
      const handle = withAnother(await before.checkpoint(1), 10);
      const after = await summing(assigner, world, handle);
      after.element(2, time);
      t.same(after.takeRecords(), [], 'event time is behind what it was');
      after.watermark(300);
      t.same(after.takeRecords(), [[3, time + 99]]);
    });
  }
}
