import t from 'tap';
import type { ActorContext, ActorFactory, ActorRef, Directive } from '../../../actors/kernel/actor.js';
import { ActorSystem } from '../../../actors/kernel/actor-system.js';
import { Mailbox } from '../../../actors/kernel/mailbox.js';
import { ManualTurns } from '../../manual-turns.js';

class World {
  readonly turns = new ManualTurns();
  readonly failures: string[] = [];
  readonly system: ActorSystem;

  constructor(messagesPerTurn = 16) {
    this.system = new ActorSystem(this.turns, {
      messagesPerTurn,
      onFailure: (actor, error) => this.failures.push(`${actor}: ${String(error)}`),
    });
  }
}

/** Writes down what it gets; throws on `bad`. */
function recorder(log: string[], name = ''): ActorFactory<string> {
  return () => ({
    receive: (message) => {
      if (message === 'bad') throw new Error('bad message');
      log.push(name + message);
    },
    stopped: ({ error }) => log.push(`${name}stopped${error === undefined ? '' : ` of ${String(error)}`}`),
  });
}

t.test('messages are received later, one at a time and in order', async (t) => {
  const { system, turns } = new World();
  const log: string[] = [];
  const ref: ActorRef<string> = system.spawn('a', (context) => ({
    receive: (message) => {
      log.push(`begin ${message}`);
      if (message === '1') context.self.tell('3');
      log.push(`end ${message}`);
    },
  }));
  ref.tell('1');
  ref.tell('2');
  t.same(log, []);
  turns.runAll();
  t.same(log, ['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
});

t.test('a busy actor lets others have their turns', async (t) => {
  const { system, turns } = new World(1);
  const log: string[] = [];
  const a = system.spawn('a', recorder(log, 'a'));
  const b = system.spawn('b', recorder(log, 'b'));
  for (const message of ['1', '2']) {
    a.tell(message);
    b.tell(message);
  }
  turns.runAll();
  t.same(log, ['a1', 'b1', 'a2', 'b2']);
});

t.test('a stopped actor takes no messages and receives none of those that waited', async (t) => {
  const { system, turns } = new World();
  const log: string[] = [];
  const ref = system.spawn('a', recorder(log));
  ref.tell('1');
  system.stop(ref);
  system.stop(ref);
  t.notOk(ref.tell('2'));
  turns.runAll();
  t.same(log, ['stopped']);
});

t.test('a failed actor stops, and who watches it learns of what', async (t) => {
  const { system, turns, failures } = new World();
  const log: string[] = [];
  const ref = system.spawn('a', recorder([]));
  const seen: ActorFactory<string> = (context) => {
    context.watch(ref, ({ error }) => `died of ${String(error)}`);
    return { receive: (message) => log.push(message) };
  };
  system.spawn('watcher', seen);
  ref.tell('bad');
  turns.runAll();
  t.same(log, ['died of Error: bad message']);
  t.same(failures, []);
  system.spawn('late', seen);
  turns.runAll();
  t.equal(log.length, 2, 'who begins to watch later is told at once');
});

t.test('a failure that nobody watches reaches the top', async (t) => {
  const { system, turns, failures } = new World();
  const log: string[] = [];
  system.spawn<string>('parent', (context) => {
    context.spawn('child', recorder(log, 'child ')).tell('bad');
    return { receive: () => {}, stopped: ({ error }) => log.push(`parent stopped of ${String(error)}`) };
  });
  turns.runAll();
  t.same(log, ['child stopped of Error: bad message', 'parent stopped of Error: bad message']);
  t.same(failures, ['parent: Error: bad message']);
});

t.test('a supervisor may pass over, restart a few times, then stop', async (t) => {
  const directives: Directive[] = ['resume', 'restart', 'stop'];
  const { system, turns, failures } = new World();
  const log: string[] = [];
  let made = 0;
  const ref = system.spawn<string>('a', (context) => recorder(log, `${++made}:`)(context), {
    supervise: (_, count) => directives[count - 1] ?? 'stop',
  });
  for (const message of ['bad', 'x', 'bad', 'y', 'bad', 'z']) ref.tell(message);
  turns.runAll();
  t.same(log, ['1:x', '1:stopped of Error: bad message', '2:y', '2:stopped of Error: bad message']);
  t.same(failures, ['a: Error: bad message']);
});

t.test('children end with their parent, before it', async (t) => {
  const { system } = new World();
  const log: string[] = [];
  const ref = system.spawn<string>('parent', (context: ActorContext<string>) => {
    context.spawn('child', recorder(log, 'child '));
    return recorder(log, 'parent ')(context);
  });
  system.stop(ref);
  t.same(log, ['child stopped', 'parent stopped']);
  t.notOk(ref.tell('x'));
});

t.test('an actor stops itself after the message it is at', async (t) => {
  const { system, turns } = new World();
  const log: string[] = [];
  const ref = system.spawn<string>('a', (context) => ({
    receive: (message) => {
      context.stop();
      log.push(message);
    },
    stopped: () => log.push('stopped'),
  }));
  ref.tell('1');
  ref.tell('2');
  turns.runAll();
  t.same(log, ['1', 'stopped']);
});

t.test('a full mailbox fails its actor: nothing is lost in silence', async (t) => {
  const { system, turns, failures } = new World();
  const log: string[] = [];
  const ref = system.spawn('a', recorder(log), { mailboxCapacity: 2 });
  t.ok(ref.tell('1'));
  t.ok(ref.tell('2'));
  t.notOk(ref.tell('3'));
  t.notOk(ref.tell('4'));
  turns.runAll();
  t.same(log.slice(0, 2), ['1', '2'], 'what was taken is received');
  t.match(failures, [/MR9001 The mailbox of a is full/]);
});

t.test('an actor that cannot even begin is a failure', async (t) => {
  const { system, failures } = new World();
  const ref = system.spawn<string>('a', () => {
    throw new Error('no start');
  });
  t.same(failures, ['a: Error: no start']);
  t.notOk(ref.tell('x'));
});

t.test('everything can be stopped at once', async (t) => {
  const { system } = new World();
  const log: string[] = [];
  system.spawn('a', recorder(log, 'a '));
  system.spawn('b', recorder(log, 'b '));
  system.stopAll();
  t.same(log, ['a stopped', 'b stopped']);
});

t.test('a mailbox keeps the order while it grows and turns round', async (t) => {
  const mailbox = new Mailbox<number>(100);
  const out: number[] = [];
  let next = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 3 && mailbox.put(next); i++) next++;
    mailbox.take((message) => out.push(message));
  }
  while (mailbox.take((message) => out.push(message)));
  t.same(
    out,
    Array.from({ length: next }, (_, i) => i),
  );
  t.equal(mailbox.size, 0);
});
