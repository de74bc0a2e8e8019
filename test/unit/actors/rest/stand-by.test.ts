import t from 'tap';
import { standByAnswer } from '../../../../actors/rest/stand-by-answer.js';
import { ask, openRestWorld } from './rest-world.js';

/** What a process answers while another one leads its cluster. */

const holder = { host: 'mill', bootId: 'b', pid: 7, processStartTime: '1' };
const leader = { holder, isOnThisHost: true, restUrl: 'http://127.0.0.1:8081' };

t.test('every request is sent to the leader, as it was sent here', async (t) => {
  for (const target of ['/', '/jobs/overview', '/jobs/x?mode=cancel', '//evil.example/', '/%0d%0aX-Y: 1']) {
    const answer = standByAnswer(leader, target);
    t.equal(answer?.status, 307);
    t.equal(answer?.location, `http://127.0.0.1:8081${target}`);
    t.match(answer?.body, { errors: [/process 7 on mill leads, http:\/\/127\.0\.0\.1:8081/] });
  }
});

t.test('what a scraper counts is its own', async (t) => {
  t.equal(standByAnswer(leader, '/metrics'), undefined);
  t.equal(standByAnswer(undefined, '/v1/metrics?x=1'), undefined);
  t.not(standByAnswer(leader, '/jobs/metrics'), undefined);
});

t.test(
  'a leader that cannot be reached, or of which nothing is known, is no place to be sent to',
  async (t) => {
    for (const [seen, says] of [
      [undefined, /none of its cluster leads/],
      [{ ...leader, restUrl: undefined }, /has not said where/],
      [{ ...leader, isOnThisHost: false }, /on that machine alone/],
      [{ ...leader, isOnThisHost: false, restUrl: 'http://[::1]:8081' }, /on that machine alone/],
      [{ ...leader, restUrl: 'javascript:alert(1)' }, /has not said where/],
      [{ ...leader, restUrl: 'no address' }, /has not said where/],
    ] as const) {
      const answer = standByAnswer(seen, '/overview');
      t.equal(answer?.status, 503);
      t.equal(answer?.location, undefined);
      t.match(answer?.body, { errors: [says] });
    }
    const far = { ...leader, isOnThisHost: false, restUrl: 'http://10.1.2.3:8081' };
    t.equal(standByAnswer(far, '/overview')?.location, 'http://10.1.2.3:8081/overview');
  },
);

t.test('who is not let in is not told where the leader is', async (t) => {
  const { server, done } = await openRestWorld({
    token: 'a secret of mine'.replaceAll(' ', '-'),
    elsewhere: (target) => standByAnswer(leader, target),
  });
  t.teardown(() => server.close());
  const bare = await ask(server, '/jobs/overview');
  t.equal(bare.status, 401);
  t.equal(bare.headers.location, undefined);
  const foreign = await ask(server, '/', { headers: { host: 'evil.example' } });
  t.equal(foreign.status, 403);
  t.equal(foreign.headers.location, undefined);
  const authorization = 'Bearer a-secret-of-mine';
  const sent = await ask(server, '/jobs/overview?x=1', { headers: { authorization } });
  t.equal(sent.status, 307);
  t.equal(sent.headers.location, 'http://127.0.0.1:8081/jobs/overview?x=1');
  const page = await ask(server, '/');
  t.equal(page.status, 307, 'the dashboard is opened where there is something to see');
  const posted = await ask(server, '/jobs/x/savepoints', {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: '{}',
  });
  t.equal(posted.status, 307);
  t.equal(posted.headers.connection, 'close', 'its body has not been read');
  t.same(done, []);
});
