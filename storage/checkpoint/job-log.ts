import {
  type CheckpointManifest,
  isMillraceError,
  MillraceError,
  type StateFileHandle,
  type StateFileReader,
} from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { LOG_PREFIX, slotKey, slotOfKey } from './checkpoint-paths.js';
import { corruptFile } from './field-reader.js';
import { decodeLogEntry, ENTRY_BYTES_MAX, entryHash, type LogEntryHead } from './log-entry.js';
import { LOOKS_MAX } from './looking-again.js';
import { decodeManifest, filesOfManifest } from './manifest-codec.js';
import { ObjectStateFileReader } from './object-state-file-reader.js';

/**
 * The log of a job, as anybody may read it: numbered slots that hold the whole story of the job. Who leads,
 * which run it is, which checkpoints are complete and how the run ended are all decided by who was the first
 * to create slot k, so there is one order of events and no second place that could contradict it.
 *
 * Invariants (kept by the leaders, see leader-log.ts, and by retention):
 * 1. A slot is created once, by create-if-absent, and never changes.
 * 2. Slots are numbered without a gap. They are removed from the bottom only, and the newest is never
 *    removed: the newest number only grows.
 * 3. Each slot holds a hash of the slot before it. A slot that its successor does not vouch for was
 *    written by a zombie under a number that had been removed; it counts for nothing, nor does any below it.
 *    Below a gap nothing counts either.
 * 4. The epoch of a leader is the number of its start slot; epochs never decrease from slot to slot.
 * 5. Slots go before the data files that they name: no slot names a missing file.
 */
export interface SlotReading {
  readonly slot: number;
  readonly bytes: Uint8Array;
  /** {@link entryHash} of the bytes, whatever they are. */
  readonly hash: number;
  /** undefined if not even the head can be read. */
  readonly head: LogEntryHead | undefined;
  /** undefined if the body cannot be read. */
  readonly body: Uint8Array | undefined;
  /** Why head or body is undefined. */
  readonly error: unknown;
}

/** How the log stands: what a process has to know before it takes the lead. */
export interface LogSurvey {
  /** 0 if there is none. */
  readonly newestSlot: number;
  readonly oldestSlot: number;
  /** Hash of the newest slot's bytes as they are; 0 if there is none. */
  readonly newestHash: number;
  /** Head of the newest slot that can be read. */
  readonly head: LogEntryHead | undefined;
  /** How many slots above it cannot be read. */
  readonly unreadable: number;
}

/** Told of each checkpoint that is passed over; the id is 0 where the slot does not even tell that. */
export type OnUnreadable = (checkpointId: number, error: unknown) => void;

/** How often a survey begins again because the log moves on under it. */
const SURVEYS_MAX = 20;
/** How many files are looked at at once. */
const LOOKS_AT_ONCE = 4;

/**
 * The numbers of all slots, ascending. Where the list has a gap below its newest slots, the missing ones are looked
 * for: slots have no gaps, but there are object stores whose lists lag behind.
 */
export async function listSlots(store: ObjectStore): Promise<readonly number[]> {
  const slots = new Set<number>();
  for (const key of await store.list(LOG_PREFIX)) {
    const slot = slotOfKey(key);
    if (slot !== undefined) slots.add(slot);
  }
  const listed = [...slots].sort((a, b) => a - b);
  const oldest = listed[0] ?? 0;
  for (let slot = (listed.at(-1) ?? 0) - 1; slot > oldest; slot--) {
    if (slots.has(slot)) continue;
    if ((await store.head(slotKey(slot))) === undefined) break;
    slots.add(slot);
  }
  return [...slots].sort((a, b) => a - b);
}

/** undefined if there is no such slot. One that seems damaged is read again: it may have been damaged on its way. */
export async function readSlot(store: ObjectStore, slot: number): Promise<SlotReading | undefined> {
  for (let looks = 1; ; looks++) {
    const reading = await readSlotOnce(store, slot);
    if (looks === LOOKS_MAX || reading === undefined || reading.error === undefined) return reading;
  }
}

async function readSlotOnce(store: ObjectStore, slot: number): Promise<SlotReading | undefined> {
  const key = slotKey(slot);
  const bytes = await readObject(store, key);
  if (bytes === undefined) return undefined;
  const common = { slot, bytes, hash: entryHash(bytes) };
  try {
    const entry = decodeLogEntry(bytes, slot, store.describe(key));
    if ('error' in entry) return { ...common, head: entry.head, body: undefined, error: entry.error };
    return { ...common, head: entry.head, body: entry.body, error: undefined };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { ...common, head: undefined, body: undefined, error };
  }
}

/** Reads down from the newest slot to the first whose head can be read. */
export async function surveyLog(store: ObjectStore): Promise<LogSurvey> {
  for (let looks = 1; ; looks++) {
    const survey = await surveyOnce(store, looks === SURVEYS_MAX);
    if (survey !== undefined) return survey;
  }
}

/** undefined if a slot went while we looked: since the newest never goes, the log has moved on. */
async function surveyOnce(store: ObjectStore, isLast: boolean): Promise<LogSurvey | undefined> {
  const slots = await listSlots(store);
  const newestSlot = slots.at(-1) ?? 0;
  const oldestSlot = slots[0] ?? 0;
  let newestHash = 0;
  let unreadable = 0;
  for (const slot of slots.toReversed()) {
    const reading = await readSlot(store, slot);
    if (reading === undefined && !isLast) return undefined;
    if (slot === newestSlot) newestHash = reading?.hash ?? 0;
    const head = reading?.head;
    if (head !== undefined) return { newestSlot, oldestSlot, newestHash, head, unreadable };
    unreadable++;
  }
  return { newestSlot, oldestSlot, newestHash, head: undefined, unreadable };
}

/**
 * The newest completed checkpoint of the newest run whose manifest can be read and whose files are all
 * there and whole; undefined if no slot of the run was ever claimed for a checkpoint.
 *
 * Rejects with MR3005 if there were checkpoints and none can be used. Any other failure of the storage
 * rejects too, rather than falling back: what cannot be read for the moment is not damaged.
 */
export async function findNewestCheckpoint(
  store: ObjectStore,
  onUnreadable: OnUnreadable,
): Promise<FoundCheckpoint | undefined> {
  const slots = await listSlots(store);
  const walk: Walk = {
    run: 0,
    next: slots.at(-1) ?? 0,
    vouched: undefined,
    passedOver: 0,
    firstError: undefined,
  };
  if (walk.next === 0) return undefined;
  for (const slot of slots.toReversed()) {
    if (slot > walk.next) continue;
    if (slot < walk.next) break;
    const step = await visit(store, slot, walk);
    if (step === 'none-in-this-run' && walk.passedOver === 0) return undefined;
    if (step === 'none-in-this-run' || step === 'not-vouched-for') break;
    if (step === 'go-on') continue;
    if ('manifest' in step) return { manifest: step.manifest, slot };
    walk.passedOver++;
    walk.firstError ??= step.error;
    onUnreadable(step.checkpointId, step.error);
  }
  throw new MillraceError('MR3005', 'No completed checkpoint of the job can be read', {
    where: { at: store.describe(LOG_PREFIX) },
    why:
      walk.passedOver === 0
        ? 'the log says that checkpoints were completed, but their entries are gone'
        : `${walk.passedOver} entries of the log were passed over as damaged or incomplete`,
    hint: 'restore the checkpoint folder from a copy, or begin anew with --fresh',
    cause: walk.firstError,
  });
}

/** A completed checkpoint, and where in the log it stands. */
export interface FoundCheckpoint {
  readonly manifest: CheckpointManifest;
  readonly slot: number;
}

interface Walk {
  /** The newest run; 0 until a head was read. */
  run: number;
  /** The slot to look at: what is between it and the one before holds no checkpoint. */
  next: number;
  /** The hash that the one before vouches for; undefined where that one could not be read. */
  vouched: number | undefined;
  passedOver: number;
  /** Why the newest of them cannot be used. */
  firstError: unknown;
}

type Step =
  | 'go-on'
  | 'none-in-this-run'
  | 'not-vouched-for'
  | { readonly manifest: CheckpointManifest }
  | { readonly checkpointId: number; readonly error: unknown };

async function visit(store: ObjectStore, slot: number, walk: Walk): Promise<Step> {
  const reading = await readSlot(store, slot);
  const vouched = walk.vouched;
  walk.next = nextBelow(slot, reading?.head);
  walk.vouched = reading?.head?.checkpointBelow?.hash ?? reading?.head?.previousHash;
  if (reading?.head === undefined) return { checkpointId: 0, error: reading?.error ?? missing(store, slot) };
  const { head, body } = reading;
  if (body !== undefined && vouched !== undefined && vouched !== reading.hash) return 'not-vouched-for';
  if (walk.run === 0) walk.run = head.run;
  if (head.run !== walk.run || head.checkpointsInRun === 0) return 'none-in-this-run';
  if (head.kind !== 'checkpoint') return 'go-on';
  const checkpointId = head.newestCheckpointId;
  if (body === undefined) return { checkpointId, error: reading.error };
  try {
    const file = store.describe(slotKey(slot));
    const manifest = decodeManifest(body, file);
    if (manifest.checkpointId !== checkpointId || manifest.epoch !== head.epoch) {
      throw corruptFile(file, `its manifest is of checkpoint ${manifest.checkpointId}`);
    }
    await assertFilesWhole(store, manifest);
    return { manifest };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { checkpointId, error };
  }
}

/** Below a slot, given its head if that can be read, the first that may hold a checkpoint of its run. */
export function nextBelow(slot: number, head: LogEntryHead | undefined): number {
  return head?.checkpointBelow?.slot ?? slot - 1;
}

/**
 * Reads every file to its end, since a task that found the damage could not fall back any more: the newest
 * checkpoint would fail each start. The bytes are read again by the tasks, mostly out of the file cache.
 */
async function assertFilesWhole(store: ObjectStore, manifest: CheckpointManifest): Promise<void> {
  const reader = new ObjectStateFileReader(store);
  const files = [...filesOfManifest(manifest).values()];
  for (let i = 0; i < files.length; i += LOOKS_AT_ONCE) {
    await Promise.all(files.slice(i, i + LOOKS_AT_ONCE).map((file) => assertFileWhole(reader, file)));
  }
}

async function assertFileWhole(reader: StateFileReader, file: StateFileHandle): Promise<void> {
  const blocks = reader.read(file)[Symbol.asyncIterator]();
  while ((await blocks.next()).done !== true) {
    // Each block was verified on its way.
  }
}

function missing(store: ObjectStore, slot: number): MillraceError {
  const path = store.describe(slotKey(slot));
  return new MillraceError('MR3008', `The log entry ${path} is missing`, { where: { at: path } });
}

/** Damage is what an older checkpoint can make up for; other failures may pass. */
function isDamage(error: unknown): boolean {
  return isMillraceError(error) && (error.code === 'MR3004' || error.code === 'MR3008');
}

/** A whole object, or undefined; longer ones than a slot can be are refused before they are read. */
async function readObject(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  const status = await store.head(key);
  if (status === undefined) return undefined;
  // What is longer than any entry is read as far as its head may reach, and fails there by its length.
  const length = status.sizeBytes > ENTRY_BYTES_MAX ? 64 * 1024 : status.sizeBytes;
  const bytes = new Uint8Array(length);
  let filled = 0;
  try {
    for await (const chunk of store.get(key, { offset: 0, length })) {
      bytes.set(chunk.subarray(0, length - filled), filled);
      filled += chunk.length;
    }
  } catch (error) {
    if (isMillraceError(error) && error.code === 'MR3008') return undefined;
    throw error;
  }
  return bytes.subarray(0, Math.min(filled, length));
}
