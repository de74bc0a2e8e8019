import t from 'tap';
import type { Sink } from '../../../core/api/sink.js';
import { Accumulators } from '../../../core/operator/accumulator.js';
import { sinkOperator } from '../../../core/operator/sink-operator.js';
import type { Output } from '../../../core/operator/stream-operator.js';
import { OperatorTestHarness, RecordingOutput } from '../../operator-test-harness.js';
import { OperatorWorld, type WorldOptions } from '../../operator-world.js';

/** Records what a sink is asked to do, in order; commits wait while `held`. */
class ScriptedSink implements Sink<string, string, string> {
  readonly calls: string[] = [];
  held = false;
  /** Until when writers take to open. */
  opening: Promise<void> | undefined;
  failNext: Error | undefined;
  asynchronous = false;
  #release: (() => void)[] = [];
  #busy: Promise<void> | undefined;
  #drained: () => void = () => {};

  createWriter(context: { readonly restoredCheckpointId: number | undefined }, restored: readonly string[]) {
    this.calls.push(`writer ${restored.join()} of ${context.restoredCheckpointId}`);
    const { calls } = this;
    const self = this;
    let pending: string[] = [];
    return {
      open: (committables: readonly string[]) => {
        calls.push(`open ${committables.join()}`);
        return this.opening;
      },
      write(value: string, element: { readonly timestamp: number | undefined; readonly watermark: number }) {
        calls.push(`write ${value} ${element.timestamp}`);
        pending.push(value);
      },
      get busy() {
        return self.#busy;
      },
      flush(endOfInput: boolean): void | Promise<void> {
        calls.push(`flush ${endOfInput}`);
        return self.asynchronous ? Promise.resolve() : undefined;
      },
      prepareCommit(): string[] | Promise<string[]> {
        const prepared = pending.length === 0 ? [] : [pending.join('+')];
        pending = [];
        return self.asynchronous ? Promise.resolve(prepared) : prepared;
      },
      snapshotState: (checkpointId: number) => [`state ${checkpointId}`],
      close: () => void calls.push('close writer'),
    };
  }

  createCommitter() {
    return {
      commit: async (committables: readonly string[]) => {
        this.calls.push(`commit ${committables.join()}`);
        if (this.held) await new Promise<void>((resolve) => this.#release.push(resolve));
        const failure = this.failNext;
        this.failNext = undefined;
        if (failure !== undefined) throw failure;
        this.calls.push(`committed ${committables.join()}`);
      },
      close: async () => void this.calls.push('close committer'),
    };
  }

  release(): void {
    this.held = false;
    for (const resolve of this.#release.splice(0)) resolve();
  }

  fill(): void {
    this.#busy = new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  drain(): void {
    this.#busy = undefined;
    this.#drained();
  }

  take(): string[] {
    return this.calls.splice(0);
  }
}

async function open(options: WorldOptions = {}, sink = new ScriptedSink(), world = new OperatorWorld()) {
  const harness = await OperatorTestHarness.open<string>(sinkOperator(sink), options, world);
  return { sink, harness, world };
}

for (const asynchronous of [false, true]) {
  t.test(
    `commits what a complete checkpoint holds (${asynchronous ? 'asynchronous' : 'synchronous'} writer)`,
    async (t) => {
      const { sink, harness, world } = await open();
      sink.asynchronous = asynchronous;
      harness.element('a', 5);
      harness.element('b');
      const waiting = harness.operator.prepareSnapshot(1);
      t.equal(waiting instanceof Promise, asynchronous, 'waits only if the writer does');
      await waiting;
      harness.operator.snapshotState(1);
      harness.element('c');
      await harness.checkpoint(2);
      t.notOk(sink.calls.some((call) => call.startsWith('commit')));
      harness.operator.notifyCheckpointComplete(1);
      await world.settle();
      t.strictSame(sink.take().slice(2), [
        'write a 5',
        'write b undefined',
        'flush false',
        'write c undefined',
        'flush false',
        'commit a+b',
        'committed a+b',
      ]);
      harness.operator.notifyCheckpointComplete(2);
      await world.settle();
      t.strictSame(sink.take(), ['commit c', 'committed c']);
    },
  );
}

t.test('a completed checkpoint commits those before it, notified or aborted', async (t) => {
  const { sink, harness, world } = await open();
  for (const [index, value] of ['a', 'b', 'c', 'd'].entries()) {
    harness.element(value);
    await harness.checkpoint(index + 5);
  }
  harness.operator.notifyCheckpointAborted(6);
  sink.take();
  harness.operator.notifyCheckpointComplete(7);
  await world.settle();
  t.strictSame(sink.take(), ['commit a,b,c', 'committed a,b,c']);
  harness.operator.notifyCheckpointComplete(6);
  await world.settle();
  t.strictSame(sink.take(), [], 'late news of an older one');
});

t.test('one commit at a time; what is not yet committed stays in the snapshots', async (t) => {
  const { sink, harness, world } = await open();
  harness.element('a');
  await harness.checkpoint(1);
  sink.held = true;
  harness.operator.notifyCheckpointComplete(1);
  await world.settle();
  t.equal(harness.operator.resume(), true, 'records go on meanwhile');
  harness.element('b');
  const restored = await harness.checkpoint(2);
  harness.operator.notifyCheckpointComplete(2);
  await world.settle();
  t.strictSame(
    sink.take().filter((call) => call.startsWith('commit')),
    ['commit a'],
  );
  sink.release();
  await world.settle();
  t.strictSame(sink.take(), ['committed a', 'commit b', 'committed b']);
  const next = await open({ restored, restoredCheckpointId: 2 });
  t.strictSame(next.sink.take(), ['writer state 2 of 2', 'open a,b', 'commit a,b', 'committed a,b']);
});

t.test('restored committables are committed before anything is written', async (t) => {
  const first = await open();
  first.harness.element('a');
  const restored = await first.harness.checkpoint(3);
  const { sink, harness } = await open({ restored, restoredCheckpointId: 3 });
  harness.element('b');
  t.strictSame(sink.take(), [
    'writer state 3 of 3',
    'open a',
    'commit a',
    'committed a',
    'write b undefined',
  ]);
  const empty = await harness.checkpoint(4);
  t.equal(empty.lists.committables?.items.length, 1, 'what was committed is gone');
});

t.test('what several subtasks left is committed in the order of their checkpoints', async (t) => {
  const { sink, harness } = await open();
  harness.element('a');
  await harness.checkpoint(1);
  harness.element('b');
  const restored = await harness.checkpoint(2);
  const { committables } = restored.lists;
  if (committables === undefined) throw new Error('no committables');
  t.equal(committables.items.length, 2);
  const turned = { ...committables, items: [...committables.items].reverse() };
  const merged = { ...restored, lists: { ...restored.lists, committables: turned } };
  t.ok(sink.take().length > 0);
  const next = await open({ restored: merged, restoredCheckpointId: 2 });
  t.strictSame(next.sink.take().slice(2), ['commit a,b', 'committed a,b']);
});

t.test('a failed commit fails the task', async (t) => {
  const { sink, harness, world } = await open();
  harness.element('a');
  await harness.checkpoint(1);
  sink.failNext = new Error('disk full');
  harness.operator.notifyCheckpointComplete(1);
  await world.settle();
  t.match(world.failures, [{ message: 'disk full' }]);
});

t.test('without checkpoints everything is committed at the end of the input', async (t) => {
  const { sink, harness } = await open({ checkpointing: false });
  harness.element('a');
  await harness.operator.endInput();
  t.strictSame(sink.take().slice(2), ['write a undefined', 'flush true', 'commit a', 'committed a']);
});

t.test(
  'with checkpoints the end of the input only flushes, and the task waits for the last commit',
  async (t) => {
    const { sink, harness, world } = await open();
    harness.element('a');
    await harness.operator.endInput();
    t.strictSame(sink.take().slice(2), ['write a undefined', 'flush true']);
    await harness.checkpoint(9);
    t.strictSame(sink.take(), ['flush true']);
    sink.held = true;
    harness.operator.notifyCheckpointComplete(9);
    t.equal(harness.operator.resume(), false);
    sink.release();
    await world.settle();
    t.equal(harness.operator.resume(), true);
    await harness.operator.close();
    t.strictSame(sink.take(), ['commit a', 'committed a', 'close writer', 'close committer']);
  },
);

t.test('a busy writer holds records back until it has drained', async (t) => {
  const { sink, harness, world } = await open();
  t.equal(harness.operator.resume(), true);
  sink.fill();
  t.equal(harness.operator.resume(), false);
  await world.settle();
  t.equal(harness.operator.resume(), false);
  sink.drain();
  await world.settle();
  t.equal(harness.operator.resume(), true);
});

t.test('closing waits for the commit that runs', async (t) => {
  const { sink, harness, world } = await open();
  harness.element('a');
  await harness.checkpoint(1);
  sink.held = true;
  harness.operator.notifyCheckpointComplete(1);
  await world.settle();
  let closed = false;
  const closing = Promise.resolve(harness.operator.close()).then(() => {
    closed = true;
  });
  await world.settle();
  t.notOk(closed);
  sink.release();
  await closing;
  t.ok(closed);
});

/** A sink with something to commit that is opening. */
async function opening(sink: ScriptedSink) {
  const first = await open();
  first.harness.element('a');
  const restored = await first.harness.checkpoint(3);
  const world = new OperatorWorld();
  const own = world.context({ restored, restoredCheckpointId: 3 }, undefined);
  const context = { ...own, chainIndex: 0, accumulators: new Accumulators(own), userCode: { node: -1 } };
  const output = new RecordingOutput();
  const operator = sinkOperator(sink).create(context, output as Output<never>);
  const opened = operator.open();
  await world.settle();
  return { world, operator, opened };
}

t.test('so does closing in the midst of opening, for the commit of what was restored', async (t) => {
  const sink = new ScriptedSink();
  sink.held = true;
  const { world, operator, opened } = await opening(sink);
  let closed = false;
  const closing = Promise.resolve(operator.close()).then(() => {
    closed = true;
  });
  await world.settle();
  t.notOk(closed);
  sink.release();
  await Promise.all([opened, closing]);
  t.ok(closed);
});

t.test('who is closed before the writer has opened commits nothing', async (t) => {
  const sink = new ScriptedSink();
  let open = (): void => {};
  sink.opening = new Promise((resolve) => {
    open = resolve;
  });
  const { operator, opened } = await opening(sink);
  await operator.close();
  open();
  await opened;
  t.strictSame(sink.take(), ['writer state 3 of 3', 'open a', 'close writer', 'close committer']);
});
