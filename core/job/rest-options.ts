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
  'rest.flamegraph.enabled': {
    type: { kind: 'boolean' },
    default: false,
    description: 'Whether flame graphs can be asked for: the threads of a vertex are sampled then.',
  },
  'rest.flamegraph.refresh-interval': {
    type: { kind: 'duration' },
    default: '1 min',
    range: { min: 0 },
    description: 'How long a flame graph is shown before its vertex is sampled anew.',
  },
  'rest.flamegraph.cleanup-interval': {
    type: { kind: 'duration' },
    default: '10 min',
    range: { min: 0 },
    description: 'How long a flame graph is kept that nobody asks for.',
  },
  'rest.flamegraph.num-samples': {
    type: { kind: 'int' },
    default: 100,
    range: { min: 1, max: 100_000 },
    description: 'Samples of each thread that a flame graph is made of.',
  },
  'rest.flamegraph.delay-between-samples': {
    type: { kind: 'duration' },
    default: '50 ms',
    range: { min: 1 },
    description: 'Time between two samples for a flame graph.',
  },
  'rest.flamegraph.stack-depth': {
    type: { kind: 'int' },
    default: 100,
    range: { min: 1, max: 10_000 },
    description: 'How many calls deep a flame graph goes.',
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
