import t from 'tap';
import {
  type ElectionEffect,
  type ElectionSurvey,
  isMillraceError,
  LeaderElection,
  MillraceError,
} from '../../../core/internal.js';

const config = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 3000 };
const leader = { host: 'mill', bootId: 'b', pid: 4711, processStartTime: '9' };
const led = (newestSlot: number, leaderState: ElectionSurvey['leaderState'] = 'unknown'): ElectionSurvey => ({
  newestSlot,
  leader,
  leaderState,
});
const nobody: ElectionSurvey = { newestSlot: 0, leader: undefined, leaderState: 'dead' };
const kinds = (effects: readonly ElectionEffect[]): readonly string[] =>
  effects.map((effect) => (effect.type === 'arm' ? `${effect.timer} in ${effect.delayMs}` : effect.type));

/** A machine that leads since 0 ms. */
function leading(): LeaderElection {
  const election = new LeaderElection(config);
  election.on({ type: 'begin' }, 0);
  election.on({ type: 'surveyed', survey: nobody }, 0);
  election.on({ type: 'claimed', epoch: 1 }, 0);
  return election;
}

t.test('where nobody leads the lead is taken, and kept by renewing it', async (t) => {
  const election = new LeaderElection(config);
  t.same(kinds(election.on({ type: 'begin' }, 0)), ['look']);
  t.same(kinds(election.on({ type: 'surveyed', survey: nobody }, 10)), ['claim']);
  const effects = election.on({ type: 'claimed', epoch: 1 }, 60);
  t.same(kinds(effects), ['lead', 'renew in 3000', 'deadline in 9950']);
  t.ok(election.isLeading);
  t.same(kinds(election.on({ type: 'timer', timer: 'renew' }, 3060)), ['renew']);
  t.same(kinds(election.on({ type: 'renewed' }, 3070)), ['renew in 3000']);
  t.same(kinds(election.on({ type: 'timer', timer: 'deadline' }, 10_010)), ['deadline in 3050']);
});

t.test('who stands by takes over when the newest slot stays the same for a lease', async (t) => {
  const election = new LeaderElection(config);
  election.on({ type: 'begin' }, 0);
  t.same(kinds(election.on({ type: 'surveyed', survey: led(5) }, 0)), ['look in 3000', 'stand-by']);
  const look = (slot: number, nowMs: number) => {
    t.same(kinds(election.on({ type: 'timer', timer: 'look' }, nowMs)), ['look']);
    return kinds(election.on({ type: 'surveyed', survey: led(slot) }, nowMs));
  };
  t.same(look(6, 3000), ['look in 3000']);
  t.same(look(6, 17_000), ['look in 1000']);
  t.same(look(7, 17_999), ['look in 3000'], 'a sign of life, just in time');
  t.same(look(7, 32_999), ['claim']);
  t.same(
    kinds(election.on({ type: 'claimed', epoch: undefined }, 33_000)),
    ['look'],
    'another one was faster',
  );
  t.same(kinds(election.on({ type: 'surveyed', survey: led(8) }, 33_001)), ['look in 3000']);
});

t.test(
  'a leader of this host that has died, and one that gave its lead back, is followed at once',
  async (t) => {
    const election = new LeaderElection(config);
    election.on({ type: 'begin' }, 0);
    const alive = kinds(election.on({ type: 'surveyed', survey: led(5, 'alive') }, 0));
    t.same(alive, ['look in 3000', 'stand-by', 'watch in 100']);
    t.same(kinds(election.on({ type: 'timer', timer: 'watch' }, 100)), ['watch']);
    t.same(kinds(election.on({ type: 'leader-seen', state: 'alive' }, 100)), ['watch in 100']);
    t.same(kinds(election.on({ type: 'leader-seen', state: 'dead' }, 200)), ['look']);
    t.same(kinds(election.on({ type: 'surveyed', survey: led(6, 'dead') }, 210)), ['claim']);
    const other = new LeaderElection(config);
    other.on({ type: 'begin' }, 0);
    const givenBack: ElectionSurvey = { newestSlot: 6, leader: undefined, leaderState: 'dead' };
    t.same(kinds(other.on({ type: 'surveyed', survey: givenBack }, 0)), ['claim']);
  },
);

t.test('a leader stops at the first lease or slot that it loses, and for good', async (t) => {
  const paused = leading();
  const [stop] = paused.on({ type: 'timer', timer: 'renew' }, 10_000);
  t.match(stop, { type: 'stop', error: { code: 'MR8003' } });
  t.match(stop?.type === 'stop' ? stop.error.message : '', /not renewed for 10 s/);
  t.same(paused.on({ type: 'renewed' }, 10_001), []);
  const fenced = leading();
  const error = new MillraceError('MR8003', 'somebody else leads');
  t.same(fenced.on({ type: 'fenced', error }, 5), [{ type: 'stop', error }]);
  t.notOk(fenced.isLeading);
  const slow = new LeaderElection(config);
  slow.on({ type: 'begin' }, 0);
  slow.on({ type: 'surveyed', survey: nobody }, 0);
  t.match(
    slow.on({ type: 'claimed', epoch: 1 }, 10_000),
    [{ type: 'stop' }],
    'a lead that was over when it came',
  );
});

t.test(
  'a storage that does not answer is asked again, but not one that refuses from the start',
  async (t) => {
    const error = new MillraceError('MR3001', 'no answer');
    const election = leading();
    election.on({ type: 'timer', timer: 'renew' }, 3000);
    t.same(kinds(election.on({ type: 'failed', error }, 4000)), ['renew in 3000']);
    t.same(kinds(election.on({ type: 'timer', timer: 'renew' }, 7000)), ['renew']);
    t.match(election.on({ type: 'failed', error }, 10_000), [{ type: 'stop', error: { code: 'MR8003' } }]);
    const stranger = new LeaderElection(config);
    stranger.on({ type: 'begin' }, 0);
    t.same(stranger.on({ type: 'failed', error }, 1), [{ type: 'stop', error }]);
    const standby = new LeaderElection(config);
    standby.on({ type: 'begin' }, 0);
    standby.on({ type: 'surveyed', survey: led(5) }, 0);
    standby.on({ type: 'timer', timer: 'look' }, 3000);
    t.same(kinds(standby.on({ type: 'failed', error }, 3001)), ['look in 3000']);
  },
);

t.test('times that do not fit each other are refused', async (t) => {
  for (const times of [{ retryPeriodMs: 10_000 }, { renewDeadlineMs: 15_001 }]) {
    try {
      new LeaderElection({ ...config, ...times });
      t.fail('accepted');
    } catch (error) {
      t.equal(isMillraceError(error) && error.code, 'MR4002');
    }
  }
});
