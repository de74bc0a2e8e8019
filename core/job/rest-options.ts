import type { OptionTable } from './option-definition.js';

/** Where the REST interface listens, and who may ask it. */
export const REST_OPTIONS = {
  'rest.enabled': {
    type: { kind: 'boolean' },
    default: true,
    description: 'Whether `millrace run` serves the REST interface.',
  },
  'rest.port': {
    type: { kind: 'int' },
    default: 8081,
    range: { min: 0, max: 65_535 },
    description:
      'Port of the REST interface, for servers and clients. Where nobody has set it and it is taken, a free one is.',
  },
  'rest.bind-port': {
    type: { kind: 'string' },
    default: undefined,
    description: 'Ports that the server may take instead of rest.port: 8081, 8081-8090, or a list of such.',
  },
  'rest.address': {
    type: { kind: 'string' },
    default: undefined,
    description: 'Name or address by which clients reach the server; one of the hosts that it answers for.',
  },
  'rest.bind-address': {
    type: { kind: 'string' },
    default: '127.0.0.1',
    description: 'Address that the server listens on. Any but a loopback address needs rest.token.',
  },
  'rest.token': {
    type: { kind: 'string' },
    default: undefined,
    description: 'Secret that every request has to carry, as Authorization: Bearer.',
  },
  'rest.async.store-duration': {
    type: { kind: 'duration' },
    default: '5 min',
    range: { min: 0 },
    description: 'How long the outcome of a savepoint or another long operation can be asked for.',
  },
  'web.refresh-interval': {
    type: { kind: 'duration' },
    default: '3 s',
    range: { min: 100 },
    description: 'How often the dashboard asks.',
  },
} as const satisfies OptionTable;
