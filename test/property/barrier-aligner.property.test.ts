import fc from 'fast-check';
import t from 'tap';
import { Alignment, BarrierAligner } from '../../core/checkpoint/barrier-aligner.js';
import { check } from '../check.js';

/**
 * The aligner beside the sentence of the protocol: a checkpoint is aligned when every channel that is open
 * has delivered its barrier; a newer barrier ends an older alignment; an aborted one never aligns.
 */
class NaiveAligner {
  readonly closed = new Set<number>();
  readonly channels: number;
  delivered = new Set<number>();
  current = -1;
  pending = false;
  released = true;

  constructor(channels: number) {
    this.channels = channels;
  }

  barrier(channel: number, id: number): boolean {
    if (id < this.current || (id === this.current && !this.pending)) return false;
    if (id > this.current) {
      this.current = id;
      this.pending = true;
      this.released = false;
      this.delivered = new Set();
    }
    this.delivered.add(channel);
    return this.settle();
  }

  close(channel: number): boolean {
    this.closed.add(channel);
    return this.pending && this.settle();
  }

  abort(id: number): void {
    if (id < this.current) return;
    this.current = id;
    this.pending = false;
    this.released = true;
  }

  blocked(channel: number): boolean {
    return !this.released && this.delivered.has(channel);
  }

  private settle(): boolean {
    for (let channel = 0; channel < this.channels; channel++) {
      if (!this.delivered.has(channel) && !this.closed.has(channel)) return false;
    }
    this.pending = false;
    return true;
  }
}

type Step = { readonly kind: 'barrier' | 'close' | 'abort' | 'release'; readonly channel: number };

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind'][]>(
      'barrier',
      'barrier',
      'barrier',
      'barrier',
      'close',
      'abort',
      'release',
    ),
    channel: fc.nat(3),
  }),
  { maxLength: 60 },
);

t.test('alignment is what the protocol says, whatever the order of barriers, ends and aborts', async () => {
  await check(
    'barrier aligner',
    fc.property(fc.integer({ min: 1, max: 4 }), fc.boolean(), steps, (channels, exactlyOnce, drawn) => {
      const aligner = new BarrierAligner(channels, exactlyOnce);
      const naive = new NaiveAligner(channels);
      const next = new Array<number>(channels).fill(1);
      for (const { kind, channel: number } of drawn) {
        const channel = number % channels;
        if (naive.closed.has(channel) || (kind === 'barrier' && aligner.isBlocked(channel))) continue;
        let aligned = false;
        let expected = false;
        if (kind === 'barrier') {
          const id = next[channel] ?? 0;
          next[channel] = id + 1;
          aligned = aligner.onBarrier(channel, id) === Alignment.ALIGNED;
          expected = naive.barrier(channel, id);
        } else if (kind === 'close') {
          aligned = aligner.onClosed(channel) === Alignment.ALIGNED;
          expected = naive.close(channel);
        } else if (kind === 'abort') {
          aligner.abort(naive.current);
          naive.abort(naive.current);
        } else if (!naive.pending) {
          aligner.release();
          naive.released = true;
        }
        if (aligned !== expected) throw new Error(`aligned ${aligned}, expected ${expected}`);
        for (let c = 0; c < channels; c++) {
          const blocked = exactlyOnce && naive.blocked(c);
          if (aligner.isBlocked(c) !== blocked) throw new Error(`channel ${c} blocked: expected ${blocked}`);
        }
      }
    }),
    { runs: 500 },
  );
});

t.test('a task without inputs aligns at once, and an old trigger changes nothing', async (t) => {
  const aligner = new BarrierAligner(0, true);
  t.ok(aligner.onTrigger(3));
  aligner.release();
  t.notOk(aligner.onTrigger(3));
  t.notOk(aligner.onTrigger(2));
  aligner.abort(5);
  t.notOk(aligner.onTrigger(5), 'an aborted checkpoint is not begun');
  t.ok(aligner.onTrigger(6));
});

t.test('a newer barrier ends an older alignment and tells its id', async (t) => {
  const aligner = new BarrierAligner(2, true);
  aligner.onBarrier(0, 1);
  t.ok(aligner.isBlocked(0));
  aligner.onBarrier(1, 2);
  t.equal(aligner.subsumed, 1);
  t.notOk(aligner.isBlocked(0), 'its channels flow again');
});
