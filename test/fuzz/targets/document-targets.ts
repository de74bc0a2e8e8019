import { decodeUtf8, encodeUtf8, operatorStateOf, types } from '../../../core/internal.js';
import { interpretedCodec } from '../../../core/serde/interpreted-codec.js';
import { typeId } from '../../../core/serde/type-descriptor.js';
import { TypeText } from '../../../core/serde/type-text.js';
import { stateTableType } from '../../../core/state/state-entry.js';
import { checkStoredKeys } from '../../../core/state/state-evolution.js';
import { ClaimingStore, Claims, claimFiles, claimOn } from '../../../storage/checkpoint/claimed-files.js';
import { RequirementsRecord } from '../../../storage/checkpoint/requirements-record.js';
import { decodeRunOrigin, encodeRunOrigin } from '../../../storage/checkpoint/run-origin.js';
import { sealedLine } from '../../../storage/checkpoint/sealed-text.js';
import { decodeClusterBody, encodeClusterState } from '../../../storage/cluster/cluster-state-codec.js';
import { MemoryObjectStore } from '../../../storage/index.js';
import { areSame, type FuzzTarget, found } from '../fuzz-target.js';
import { once } from './checkpoint-targets.js';

const TEXTS = [
  'value<{int32:int32,"a b":[map<string,{x:float64?}>]}>',
  'map<string,union(kind)<circle:{radius:float64}|square:{}>> in slices of 40 ms with ttl per window',
  'keys<{id:int32,name:string}>',
  'list<[[bigint?]]>',
  'state:["name","value<int32>"]',
];

const typeText: FuzzTarget = {
  name: 'type-text',
  refusals: ['MR2003', 'MR2001', 'MR2103'],
  seeds: async () => TEXTS.map((text) => encodeUtf8(text)),
  words: ['?', 'dynamic', 'void', 'map<', 'union(', '[', '"\\u0000"', 'timestamp'],
  read(bytes) {
    const text = textOf(bytes);
    if (text.startsWith('keys<')) checkStoredKeys(text, types.int32);
    else if (text.startsWith('state:')) operatorStateOf(text);
    else {
      const { valueType, keyType } = stateTableType(text);
      for (const type of keyType === undefined ? [valueType] : [valueType, keyType]) {
        interpretedCodec(type, { encode: () => {}, decode: () => undefined });
        const again = new TypeText(typeId(type)).type();
        if (typeId(again) !== typeId(type)) found('a type has another text', typeId(type));
      }
    }
  },
};

/** Text that is no UTF-8 comes from nowhere: where texts are read, that has been seen to. */
function textOf(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? Buffer.from(bytes).toString('latin1');
}

const CLUSTER = {
  jobs: [
    {
      jobId: '0123456789abcdef0123456789abcdef',
      key: 'k',
      url: 'file:///job.js',
      params: { input: 'x' },
      layers: [{ origin: 'flag' as const, values: { 'parallelism.default': 2 } }],
      name: undefined,
      start: 'new' as const,
      fromSavepoint: undefined,
      allowNonRestoredState: false,
    },
  ],
  results: [
    {
      jobId: 'f'.repeat(32),
      key: 'k2',
      state: 'FAILED' as const,
      endedMs: 5,
      epoch: 1,
      message: 'MR5001 it threw',
    },
  ],
  restUrl: 'http://127.0.0.1:8081',
};

const clusterBody: FuzzTarget = {
  name: 'cluster-body',
  refusals: ['MR3004'],
  seeds: async () => [encodeClusterState(CLUSTER), encodeUtf8('{"in":17}')],
  words: ['"jobs":', '"results":[]', '"params":', 'null', '"in":-1', '[]', '{}', '"layers":[null]'],
  read(bytes) {
    const body = decodeClusterBody(bytes, 'fuzzed');
    if (body.type === 'in' && !(Number.isSafeInteger(body.slot) && body.slot > 0))
      found('no slot', body.slot);
    if (body.type !== 'state') return;
    const { state } = body;
    for (const job of state.jobs) {
      const fits = [job.jobId, job.key, job.url, job.start].every((text) => typeof text === 'string');
      if (
        !fits ||
        job.layers.some(({ origin, values }) => typeof origin !== 'string' || Object.keys(values) === null)
      )
        found('a job that is none', job);
      if (Object.values(job.params).some((value) => typeof value !== 'string'))
        found('parameters are texts', job);
    }
    for (const result of state.results)
      if (!Number.isFinite(result.endedMs)) found('a result that is none', result);
  },
};

const origin: FuzzTarget = {
  name: 'run-origin',
  refusals: ['MR3004'],
  seeds: async () => [
    encodeRunOrigin({ path: '/savepoints/é', allowNonRestoredState: true, claim: false }),
    encodeRunOrigin(undefined),
  ],
  read(bytes) {
    const read = decodeRunOrigin(bytes, 'fuzzed');
    const again = decodeRunOrigin(encodeRunOrigin(read), 'fuzzed');
    if (JSON.stringify(read) !== JSON.stringify(again)) found('another origin', read);
  },
};

const requirements: FuzzTarget = {
  name: 'requirements',
  refusals: ['MR3004'],
  seeds: async () => [
    encodeUtf8(JSON.stringify({ declared: { a: { lowerBound: 1, upperBound: 4 } }, wanted: {} })),
    encodeUtf8(JSON.stringify({ declared: {}, wanted: { b: { lowerBound: 2, upperBound: 2 } } })),
  ],
  words: ['"upperBound":-1', '"lowerBound":0', '"wanted":[]', '"wanted":null'],
  async read(bytes) {
    const store = new MemoryObjectStore();
    await store.createIfAbsent('requirements/0000000001-0000000001-0000000001', sealedLine(bytes));
    const kept = await new RequirementsRecord(store, { run: 1, epoch: 1 }).load();
    for (const bounds of [kept?.declared, kept?.wanted]) {
      if (bounds === undefined || Array.isArray(bounds)) found('no bounds', kept);
      for (const { lowerBound, upperBound } of Object.values(bounds))
        if (lowerBound < 1 || upperBound < lowerBound) found('bounds that nothing fits', bounds);
    }
  },
};

const CLAIM_NAME = '0000000001-0000000002';
const CLAIM = {
  name: CLAIM_NAME,
  folder: '/other',
  keys: ['data/0000000001-0000000001-0-x.0.base'],
  metadataKey: '_metadata',
  owner: '/own',
  jobName: 'job',
};

const claims: FuzzTarget = {
  name: 'claim',
  refusals: ['MR3004', 'MR3008', 'MR3010'],
  seeds: async () => [
    encodeUtf8(JSON.stringify(CLAIM)),
    encodeUtf8(JSON.stringify({ ...CLAIM, metadataKey: undefined })),
  ],
  words: ['null', '[]', '"keys":[5]', '"../../x"', '"folder":5', '/etc'],
  async read(bytes) {
    const own = new MemoryObjectStore();
    const foreign = new MemoryObjectStore();
    await own.put(`claims/${CLAIM_NAME}`, once(sealedLine(bytes)));
    await foreign.put('_claimed', once(sealedLine(bytes)));
    const all = new Claims(own, () => foreign);
    await all.load();
    all.files();
    await claimOn(foreign);
    await claimFiles(own, foreign, CLAIM, async () => {});
    const store = new ClaimingStore(own, () => foreign);
    await store.head(`claimed/${CLAIM_NAME}/data/0000000001-0000000001-0-x.0.base`);
    await all.delete(all.files().map(({ key }) => key));
    if (!areSame(bytes, bytes.slice())) found('changed');
  },
};

export const DOCUMENT_TARGETS: readonly FuzzTarget[] = [typeText, clusterBody, origin, requirements, claims];
