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

t.test(
  '[scenario 11, 12] alignment is what the protocol says, whatever the order of barriers, ends and aborts',
  async () => {
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
            if (aligner.isBlocked(c) !== blocked)
              throw new Error(`channel ${c} blocked: expected ${blocked}`);
          }
        }
      }),
      { runs: 500 },
    );
  },
);

/** The sentence of overtaking: a snapshot may go ahead of channels that may be overtaken, once its time has come. */
class NaiveOvertaking extends NaiveAligner {
  readonly overtakable: readonly boolean[];
  due = false;
  savepoint = false;

  constructor(overtakable: readonly boolean[]) {
    super(overtakable.length);
    this.overtakable = overtakable;
  }

  begin(id: number, savepoint: boolean): void {
    if (id <= this.current) return;
    this.current = id;
    this.pending = true;
    this.released = false;
    this.delivered = new Set();
    this.due = false;
    this.savepoint = savepoint;
  }

  get overtakes(): boolean {
    if (!this.pending || this.savepoint || !this.due || !this.overtakable.includes(true)) return false;
    return this.missing().every((channel) => this.overtakable[channel] === true);
  }

  missing(): number[] {
    return this.overtakable.flatMap((_, channel) =>
      this.delivered.has(channel) || this.closed.has(channel) ? [] : [channel],
    );
  }
}

const overtakingSteps = fc.array(
  fc.record({
    kind: fc.constantFrom('barrier', 'barrier', 'barrier', 'announce', 'close', 'abort', 'due', 'snapshot'),
    channel: fc.nat(3),
  }),
  { maxLength: 80 },
);

t.test(
  'a snapshot overtakes what may be overtaken, when its time has come, and is told what that was',
  async () => {
    await check(
      'overtaking',
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
        fc.func(fc.boolean()),
        overtakingSteps,
        (overtakable, isSavepoint, drawn) => {
          const aligner = new BarrierAligner(overtakable.length, true, overtakable);
          const naive = new NaiveOvertaking(overtakable);
          const next = overtakable.map(() => 1);
          let awaitsRelease = false;
          for (const { kind, channel: number } of drawn) {
            const channel = number % overtakable.length;
            if (kind === 'barrier' && !awaitsRelease) {
              if (naive.closed.has(channel) || aligner.isBlocked(channel)) continue;
              const id = next[channel] ?? 0;
              next[channel] = id + 1;
              naive.begin(id, isSavepoint(id));
              const expected = naive.barrier(channel, id);
              if ((aligner.onBarrier(channel, id, isSavepoint(id)) === Alignment.ALIGNED) !== expected)
                throw new Error(`aligned: expected ${expected}`);
              awaitsRelease = expected;
            } else if (kind === 'announce' && !awaitsRelease) {
              const id = Math.max(...next) - (number % 2);
              if (naive.closed.size === overtakable.length) continue;
              aligner.onAnnounced(id, isSavepoint(id));
              naive.begin(id, isSavepoint(id));
            } else if (kind === 'close' && !awaitsRelease) {
              if (naive.closed.has(channel)) continue;
              const expected = naive.close(channel);
              if ((aligner.onClosed(channel) === Alignment.ALIGNED) !== expected)
                throw new Error(`aligned at an end: expected ${expected}`);
              awaitsRelease = expected;
            } else if (kind === 'abort') {
              aligner.abort(naive.current);
              naive.abort(naive.current);
              awaitsRelease = false;
            } else if (kind === 'due' && naive.pending) {
              aligner.onDue();
              naive.due = true;
            } else if (kind === 'snapshot') {
              if (aligner.overtakes !== naive.overtakes) throw new Error(`overtakes ${aligner.overtakes}`);
              if (naive.overtakes) aligner.overtake();
              else if (!awaitsRelease) continue;
              const expected = naive.missing();
              naive.pending = false;
              naive.released = true;
              awaitsRelease = false;
              const overtaken = aligner.release();
              if (overtaken.join() !== expected.join())
                throw new Error(`${overtaken} instead of ${expected}`);
            }
            if (aligner.overtakes !== naive.overtakes) throw new Error(`overtakes ${aligner.overtakes}`);
          }
        },
      ),
      { runs: 500 },
    );
  },
);

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
