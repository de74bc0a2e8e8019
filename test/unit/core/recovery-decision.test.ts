import t from 'tap';
import { decideRecovery, type JobFacts, type StartMode } from '../../../core/checkpoint/recovery-decision.js';

const holder = { host: 'mill', bootId: 'b1', pid: 4711, processStartTime: '12' };
const open: JobFacts = {
  seen: 'known',
  result: undefined,
  checkpointsKept: true,
  holder: undefined,
  holderState: 'dead',
  heldSinceMs: 1_700_000_000_000,
  isSameStart: false,
};
const ended = (state: 'FINISHED' | 'FAILED' | 'CANCELED', checkpointsKept: boolean): JobFacts => ({
  ...open,
  result: { state, finishedMs: 1_700_000_000_000 },
  checkpointsKept,
});
const ours = (facts: JobFacts): JobFacts => ({ ...facts, isSameStart: true }) as JobFacts;
const same = (outcome: string) => [outcome, outcome, outcome] as const;

t.test('every start of a job means what the table says', async (t) => {
  const held = { ...open, holder };
  const cases: [string, JobFacts, string, string, string][] = [
    ['never seen', { seen: 'never' }, 'begin', 'begin', 'begin'],
    ['unreadable', { seen: 'unreadable', slots: 3 }, 'MR3005', 'MR3005', 'begin'],
    ['unfinished', open, 'MR8001', 'resume', 'begin'],
    ['holder alive', { ...held, holderState: 'alive' }, 'MR8002', 'MR8002', 'MR8002'],
    ['holder dead', { ...held, holderState: 'dead' }, 'MR8001', 'resume', 'begin'],
    ['holder on another host', { ...held, holderState: 'unknown' }, 'MR8001', 'resume', 'begin'],
    ['finished', ended('FINISHED', false), 'begin', 'already-finished', 'begin'],
    ['finished, kept', ended('FINISHED', true), 'begin', 'already-finished', 'begin'],
    ['cancelled, removed', ended('CANCELED', false), 'begin', 'already-finished', 'begin'],
    ['cancelled, kept', ended('CANCELED', true), 'MR8001', 'resume', 'begin'],
    ['failed', ended('FAILED', true), 'MR8001', 'resume', 'begin'],
    ['failed, removed', ended('FAILED', false), 'MR8001', 'resume', 'begin'],
    ['ours, unfinished', ours(open), 'resume', 'resume', 'resume'],
    ['ours, holder alive', ours({ ...held, holderState: 'alive' }), 'resume', 'resume', 'resume'],
    ['ours, finished', ours(ended('FINISHED', false)), ...same('already-finished')],
    ['ours, failed', ours(ended('FAILED', true)), ...same('MR5006')],
    ['ours, cancelled', ours(ended('CANCELED', true)), ...same('MR5007')],
  ];
  for (const [name, facts, ...expected] of cases) {
    const modes: StartMode[] = ['new', 'resume', 'fresh'];
    const decided = modes.map((mode) => {
      const decision = decideRecovery(mode, facts, 'delays');
      return decision.action === 'refuse' ? decision.error.code : decision.action;
    });
    t.same(decided, expected, name);
  }
});

t.test('a refusal says what to do', async (t) => {
  const message = (mode: StartMode, facts: JobFacts) => {
    const decision = decideRecovery(mode, facts, 'delays');
    return decision.action === 'refuse' ? decision.error.message : '';
  };
  t.match(message('new', open), /'delays' is unfinished.*--resume.*--fresh/);
  t.match(message('new', ended('FAILED', true)), /ended as FAILED on 2023-11-14T22:13:20\.000Z/);
  t.match(
    message('resume', { ...open, holder, holderState: 'alive' }),
    /process 4711 on mill.*stop process 4711.*--job-id/s,
  );
  t.match(message('resume', { seen: 'unreadable', slots: 3 }), /3 entries.*--fresh/);
});
