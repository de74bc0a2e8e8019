import t from 'tap';
import { failureText } from '../../../actors/boot/unexpected-failure.js';
import { MillraceError } from '../../../core/internal.js';

t.test('what a client has done wrong is a line, and a defect has its stack', async (t) => {
  const missing = new MillraceError('MR1007', "The job needs the parameter 'output'.", { hint: 'Add it.' });
  t.equal(failureText(missing), "MR1007 The job needs the parameter 'output'. What to do: Add it.");
  const thrown = new MillraceError('MR1009', 'Building the graph threw.', {
    cause: new TypeError('x is no function'),
  });
  t.equal(failureText(thrown), 'MR1009 Building the graph threw.\n  caused by TypeError: x is no function');
  t.match(failureText(new TypeError('x is no function')), /^TypeError: x is no function\n {4}at /);
  t.match(failureText(new MillraceError('MR9001', 'It does not hold.')), /It does not hold\.\n {4}at /);
  t.equal(failureText('a text'), 'a text');
});
