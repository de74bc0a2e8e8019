import { MillraceError } from '../../core/internal.js';
import type { LogOwner } from '../cluster/cluster-gateway.js';
import { ok, type RestAnswer, type RestRequest, tooMany } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import type { RestServices } from './rest-services.js';
import { Turns } from './turns.js';

/** Who reads them; each of them holds one of the router's turns. */
const WAITING_MAX = 4;

/** The logs of the process, as the JobManager's and the TaskManager's. A name is looked up, and is never a path. */
export function logRoutes({ cluster }: RestServices): readonly Route[] {
  // They are long.
  const turns = new Turns(1, WAITING_MAX);
  const list = async (owner: LogOwner): Promise<RestAnswer> => ok({ logs: await cluster.listLogs(owner) });
  const read = async (owner: LogOwner, name: string): Promise<RestAnswer> => {
    const reading = turns.take(() => cluster.readLog(owner, name));
    if (reading === undefined) return tooMany();
    const text = await reading;
    if (text !== undefined) return textual(text);
    throw new MillraceError('MR7002', 'There is no log of that name.');
  };
  /** That of the newest job. */
  const newest = async (owner: LogOwner): Promise<RestAnswer> => {
    const name = (await cluster.listLogs(owner)).findLast((log) => log.name.endsWith('.log'))?.name;
    return name === undefined ? textual('') : read(owner, name);
  };
  const routesOf = (head: string, owner: LogOwner): Route[] => [
    { method: 'GET', pattern: `${head}/logs`, handle: () => list(owner) },
    { method: 'GET', pattern: `${head}/log`, handle: () => newest(owner) },
    {
      method: 'GET',
      pattern: `${head}/logs/:filename`,
      handle: (request: RestRequest) => read(owner, place(request, 'filename')),
    },
  ];
  return [
    ...routesOf('/jobmanager', 'jobmanager'),
    ...routesOf('/taskmanagers/:taskmanagerid', 'taskmanager'),
  ];
}

function textual(body: string): RestAnswer {
  return { status: 200, body, type: 'text/plain; charset=utf-8' };
}
