import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { endWriter, StateWriterHost, type WriterThread } from '../../actors/boot/state-writer-host.js';
import type { StateWriterConnection } from '../../actors/boot/state-writer-link.js';
import { KillLock } from '../../memory/kill-lock.js';
import { RowBlockWriter } from '../../storage/state/row-block-writer.js';
import type { StateWriterMessage, StateWriterReply } from '../../storage/state/state-writer-protocol.js';
import type { StuckWriterOrder } from './stuck-lmdb-writer.js';

/**
 * `node state-writer-process.js HOW FOLDER`: ends the state writer of a process while it writes to LMDB, and
 * then writes from another thread to the same environment.
 *
 * - `host`: as the engine does it, with more waiting for the writer than it may take for leaving by itself;
 * - `stuck`: as the engine does it, with a writer that never leaves its transaction;
 * - `terminate`: a thread inside a transaction is ended as if there were no kill lock.
 *
 * Prints a line at each step. The last is `done`, if it comes to it.
 */
const [how = '', folder = ''] = process.argv.slice(2);
const path = `${folder}/environment`;
/** About a fifth of a second of work. */
const ROWS = 60_000;
/** More than the writer gets through while it is asked to leave. */
const WRITES = 100;
/** How long the stuck one is waited for. */
const STUCK_MS = 200;

function blockOf(rows: number): Uint8Array {
  const block = new RowBlockWriter(Number.POSITIVE_INFINITY);
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < rows; row++) {
    view.setInt32(0, Math.imul(row, 0x9e3779b1));
    block.beginRow(0, row % 128, 8, -1);
    block.endRow(bytes, 0, 8, bytes, 8, 8);
  }
  return block.take().slice();
}

function writeOf(sequence: number, block: Uint8Array): StateWriterMessage {
  return { type: 'write', path, sequence, rows: [block], spilledBytes: 0 };
}

/** The writer's first answer. This thread stays free meanwhile: others may need it for their start. */
async function answer({ port }: StateWriterConnection): Promise<StateWriterReply> {
  const [reply] = (await once(port, 'message')) as [StateWriterReply];
  return reply;
}

function onEnded(error: Error): never {
  console.log(`the writer has ended by itself: ${error.message}`);
  process.exit(1);
}

async function endByHost(): Promise<void> {
  const host = new StateWriterHost(undefined, onEnded);
  const connection = host.connect();
  const block = blockOf(ROWS);
  for (let sequence = 0; sequence < WRITES; sequence++) connection.port.postMessage(writeOf(sequence, block));
  console.log(`writes: ${(await answer(connection)).type}`);
  await host.close();
  console.log('ended');
}

async function endInsideTransaction(end: (writer: WriterThread) => Promise<unknown>): Promise<void> {
  const memory = KillLock.memory();
  const order: StuckWriterOrder = { path, lock: memory };
  const thread = new Worker(new URL('./stuck-lmdb-writer.js', import.meta.url), { workerData: order });
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  await once(thread, 'message');
  console.log('writes: inside a transaction');
  await end({ thread, lock: new KillLock(memory), exited });
  console.log('ended');
}

const WAYS: Readonly<Record<string, () => Promise<void>>> = {
  host: endByHost,
  stuck: () => endInsideTransaction((writer) => endWriter(writer, STUCK_MS)),
  terminate: () => endInsideTransaction(({ thread }) => thread.terminate()),
};

await WAYS[how]?.();
const next = new StateWriterHost(undefined, onEnded);
const connection = next.connect();
connection.port.postMessage(writeOf(0, blockOf(1)));
console.log(`another writes: ${(await answer(connection)).type}`);
connection.port.close();
await next.close();
rmSync(folder, { recursive: true, force: true });
console.log('done');
