import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Watermark } from '../../core/element/watermark.js';
import { CombinedWatermark } from '../../core/watermark/combined-watermark.js';
import { check } from '../check.js';

/** What the inputs of one operator say, in any order, against what is known of them at each moment. */

type Said =
  | { readonly what: 'watermark'; readonly input: number; readonly timestamp: number }
  | { readonly what: 'idle' | 'active' | 'end'; readonly input: number };

const input = fc.nat({ max: 2 });

const said: fc.Arbitrary<Said> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('watermark' as const), input, timestamp: fc.nat(50) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constantFrom('idle' as const, 'active' as const), input }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('end' as const), input }) },
);

t.test('time is the least of the inputs that count, and never goes back', async () => {
  await check(
    'combined watermark = least of what counts',
    fc.property(fc.array(said, { maxLength: 60 }), (all) => {
      let told: number = Watermark.MIN;
      let idle = false;
      const combined = new CombinedWatermark(3, {
        emitWatermark(timestamp) {
          assert.ok(timestamp > told && !idle, 'strictly increasing, and not while idle');
          told = timestamp;
        },
        emitIdle() {
          assert.ok(!idle);
          idle = true;
        },
        emitActive() {
          assert.ok(idle);
          idle = false;
        },
      });
      const known = [0, 1, 2].map(() => ({ most: Watermark.MIN as number, idle: false, ended: false }));
      let reached: number = Watermark.MIN;
      for (const each of all) {
        const status = known[each.input];
        assert.ok(status !== undefined);
        if (each.what === 'watermark') {
          combined.inputWatermark(each.input, each.timestamp);
          status.most = Math.max(status.most, each.timestamp);
          status.idle = false;
        } else if (each.what === 'end') {
          combined.inputWatermark(each.input, Watermark.MAX);
          status.ended = true;
        } else if (each.what === 'idle') {
          combined.inputIdle(each.input);
          status.idle = true;
        } else {
          combined.inputActive(each.input);
          status.idle = false;
        }
        const open = known.filter(({ ended }) => !ended);
        const counting = open.filter((other) => !other.idle);
        if (open.length === 0) reached = Watermark.MAX;
        else if (counting.length > 0)
          reached = Math.max(reached, Math.min(...counting.map(({ most }) => most)));
        assert.equal(told, reached);
        assert.equal(idle, open.length > 0 && counting.length === 0);
      }
    }),
    { runs: 500 },
  );
});
