import t from 'tap';
import { fallbackWarnings } from '../../../core/checkpoint/fallback-warning.js';

t.test('a fall back names both checkpoints, and says that visible results come again', async (t) => {
  const [first, second] = fallbackWarnings(
    [
      { checkpointId: 0, error: new Error('torn') },
      { checkpointId: 41, error: new Error('wrong checksum') },
    ],
    40,
  );
  t.match(
    first,
    /^A checkpoint newer than 40 was complete .* falls back to checkpoint 40\b.*again.*: Error: torn$/,
  );
  t.match(
    second,
    /^Checkpoint 41 was complete .* falls back to checkpoint 40\b.* visible already.*wrong checksum$/,
  );
});

t.test('who falls back behind nothing is not warned', async (t) => {
  t.strictSame(fallbackWarnings([], 40), []);
});
