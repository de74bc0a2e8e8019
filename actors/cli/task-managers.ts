import { MillraceError } from '../../core/internal.js';
import type { ClientSession } from './client-session.js';
import { type Fields, listOf, printable } from './cluster-client.js';

/** The TaskManagers of a cluster, one a line. Rejects as the session's client. */
export async function listTaskManagers(session: ClientSession): Promise<void> {
  const managers = await known(session);
  session.print(managers.map(lineOf).join('\n'), { taskmanagers: managers });
}

export async function startTaskManager(session: ClientSession): Promise<void> {
  const { id } = await session.client.ask('POST', '/millrace/taskmanagers', {});
  const started = (await known(session)).find((manager) => manager.id === id);
  const slots = started === undefined ? '' : ` with ${slotsOf(started)}`;
  session.print(`Started TaskManager ${printable(String(id))}${slots}.`, { id });
}

/** Rejects with MR7001 if none is named, MR7002 if there is none of that id. */
export async function stopTaskManager(session: ClientSession, id: string | undefined): Promise<void> {
  const managers = await known(session);
  const found = managers.find((manager) => manager.id === id);
  if (found === undefined) throw notKnown(id, managers);
  await session.client.ask('DELETE', `/millrace/taskmanagers/${encodeURIComponent(String(id))}`);
  const taken = Number(found.slotsNumber) - Number(found.freeSlots);
  const went =
    taken > 0 ? ` Tasks ran in ${taken} of its slots; their jobs go on where there are slots.` : '';
  session.print(`Stopped TaskManager ${id}.${went}`, { id });
}

async function known({ client }: ClientSession): Promise<readonly Fields[]> {
  return listOf((await client.ask('GET', '/taskmanagers')).taskmanagers);
}

function lineOf(manager: Fields): string {
  return `${printable(String(manager.id))} : ${slotsOf(manager)}, ${String(manager.freeSlots)} free`;
}

function slotsOf({ slotsNumber }: Fields): string {
  return `${String(slotsNumber)} slot${slotsNumber === 1 ? '' : 's'}`;
}

function notKnown(id: string | undefined, managers: readonly Fields[]): MillraceError {
  const hint = `There are ${managers.map((manager) => printable(String(manager.id))).join(', ') || 'none'}.`;
  return id === undefined
    ? new MillraceError('MR7001', 'millrace taskmanager stop needs to know which one.', { hint })
    : new MillraceError('MR7002', `The cluster has no TaskManager '${id}'.`, { hint });
}
