import { parseJsonBody } from '../../../actors/rest/json-body.js';
import { encodeUtf8 } from '../../../core/internal.js';
import { answersTo, openRestWorld, type RestWorld } from '../../unit/actors/rest/rest-world.js';
import { type FuzzTarget, found } from '../fuzz-target.js';

const JOB = '00000000000000000000000000000001';

function request(line: string, body = ''): Uint8Array {
  const content =
    body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return encodeUtf8(`${line} HTTP/1.1\r\nHost: localhost\r\n${content}\r\n${body}`);
}

let opened: Promise<RestWorld> | undefined;

function world(): Promise<RestWorld> {
  opened ??= openRestWorld({ limits: { headersMs: 500, requestMs: 500, silenceMs: 1000 } });
  return opened;
}

/** Bytes on a socket of the REST server, which is there afterwards. */
const connection: FuzzTarget = {
  name: 'rest-connection',
  refusals: [],
  seeds: async () => [
    request('GET /jobs/overview'),
    request(`GET /v1/jobs/${JOB}/metrics?get=a,b&agg=max`),
    request(`POST /jobs/${JOB}/savepoints`, '{"target-directory":"/x","cancel-job":false,"triggerId":"1"}'),
    request(
      `PUT /jobs/${JOB}/resource-requirements`,
      '{"v":{"parallelism":{"lowerBound":1,"upperBound":2}}}',
    ),
    request(
      'POST /jars/job.js/run',
      '{"programArgsList":["--n","1"],"flinkConfiguration":{"parallelism.default":"2"}}',
    ),
    request(`PATCH /jobs/${JOB}?mode=cancel`),
    // Of a body that never ends.
    encodeUtf8('GET /jobs/overview HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'),
    request('GET /jobs/%00%zz/..%2f/vertices/x/watermarks'),
    request(`GET /jobs/${JOB}/exceptions?maxExceptions=2&failureLabelFilter=a:b`),
  ],
  words: [
    'Transfer-Encoding: chunked\r\n',
    '5\r\n',
    '%2e%2e/',
    '?',
    '&',
    '__proto__',
    'Host: x\r\n',
    '/logs/',
    '\r\n\r\n',
  ],
  /** The length that the body has, so that one is read. */
  repaired(bytes) {
    const text = Buffer.from(bytes).toString('latin1');
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return bytes;
    const body = text.slice(head + 4);
    const fitting = text.slice(0, head).replace(/^(content-length: *)\d+/im, `$1${body.length}`);
    return Uint8Array.from(Buffer.from(`${fitting}\r\n\r\n${body}`, 'latin1'));
  },
  async read(bytes) {
    const rest = await world();
    const answer = await answersTo(rest.server, bytes);
    const defect = rest.defects.shift();
    if (defect !== undefined) throw defect;
    for (const [, status] of answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm))
      if (status === '500')
        found('an answer that says that something is wrong inside', answer.slice(0, 2000));
  },
  async close() {
    await (await opened)?.server.close();
    opened = undefined;
  },
};

const body: FuzzTarget = {
  name: 'rest-body',
  refusals: ['MR7003'],
  seeds: async () => [
    encodeUtf8('{"a":[1,{"b":null}],"c":"x"}'),
    encodeUtf8('  '),
    encodeUtf8('[[[[[[[[]]]]]]]]'),
  ],
  words: ['[[[[[[', '"__proto__":', '"constructor":', '"\\u005f_proto__":'],
  read(bytes) {
    const value = parseJsonBody(Buffer.from(bytes).toString());
    if (({} as Record<string, unknown>).fuzzed !== undefined) found('a prototype was changed');
    JSON.stringify(value);
  },
};

export const REST_TARGETS: readonly FuzzTarget[] = [connection, body];
