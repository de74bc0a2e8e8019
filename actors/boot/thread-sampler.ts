import { type NodeWorker, type Profiler, Session } from 'node:inspector/promises';
import { setTimeout as after } from 'node:timers/promises';
import type { ProfiledFrame, SamplingOrder, ThreadProfile } from '../rest/thread-profile.js';

/** A thread that has not answered by then is left out. */
const ANSWER_MS = 2000;

/**
 * Looks at what the threads of the process do, by V8's sampling profiler, from the main thread: so a thread is seen
 * that is stuck in a function too, and none of them loads anything. Imported when it is asked for.
 *
 * Invariants: one order at a time; nothing is attached to any thread between two.
 */
class ThreadSampler {
  #turn: Promise<unknown> = Promise.resolve();

  /** Takes as long as the samples do. */
  sample(order: SamplingOrder): Promise<readonly ThreadProfile[]> {
    const sampled = this.#turn.then(() => takeSamples(order));
    this.#turn = sampled.catch(() => undefined);
    return sampled;
  }
}

export const threadSampler = new ThreadSampler();

async function takeSamples({ threadIds, samples, delayMs }: SamplingOrder): Promise<ThreadProfile[]> {
  if (threadIds?.length === 0) return [];
  const session = new Session();
  session.connect();
  const links = new ThreadLinks(session);
  try {
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    const threads = links.threads.filter(({ threadId }) => threadIds?.includes(threadId) ?? true);
    const begun = await Promise.all(threads.map((thread) => begin(thread, delayMs)));
    await after(samples * delayMs);
    const profiles = await Promise.all(
      threads.map(async (thread, i) => (begun[i] === true ? end(thread) : undefined)),
    );
    return profiles.filter((profile) => profile !== undefined);
  } finally {
    links.close();
    await session.post('NodeWorker.disable');
    session.disconnect();
  }
}

/** False: it does not answer. */
async function begin(thread: SeenThread, delayMs: number): Promise<boolean> {
  if ((await thread.send('Profiler.enable')) === undefined) return false;
  await thread.send('Profiler.setSamplingInterval', { interval: delayMs * 1000 });
  return (await thread.send('Profiler.start')) !== undefined;
}

async function end(thread: SeenThread): Promise<ThreadProfile | undefined> {
  const stopped = (await thread.send('Profiler.stop')) as Profiler.StopReturnType | undefined;
  await thread.send('Profiler.disable');
  return stopped && profileOf(thread, stopped.profile);
}

function profileOf({ threadId, name }: SeenThread, { nodes, samples }: Profiler.Profile): ThreadProfile {
  const places = new Map(nodes.map(({ id }, index) => [id, index]));
  const placeOf = (id: number | undefined): number | undefined =>
    id === undefined ? undefined : places.get(id);
  return {
    threadId,
    name,
    frames: nodes.map(
      ({ callFrame: { functionName, url, lineNumber }, hitCount, children }): ProfiledFrame => ({
        functionName,
        url,
        line: lineNumber + 1,
        hits: hitCount ?? 0,
        calls: (children ?? []).map(placeOf).filter((place) => place !== undefined),
      }),
    ),
    last: placeOf(samples?.at(-1)),
  };
}

/** A thread to which orders can be sent. */
interface SeenThread {
  readonly threadId: number;
  readonly name: string;
  /** What it answers; undefined: it does not in time. */
  send(method: string, params?: object): Promise<unknown>;
}

interface AnyMethod {
  post(method: string, params?: object): Promise<unknown>;
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
}

/** The threads that are attached to a session of the main thread, which is one of them. */
class ThreadLinks {
  readonly threads: SeenThread[] = [];
  readonly #session: Session;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  readonly #ended = new AbortController();
  #sent = 0;

  constructor(session: Session) {
    this.#session = session;
    // Each method is an overload of its own, and here they are data.
    const anyMethod = session as AnyMethod;
    this.threads.push({
      threadId: 0,
      name: 'main',
      send: (method, params) => anyMethod.post(method, params),
    });
    session.on('NodeWorker.attachedToWorker', ({ params }) => this.#onAttached(params));
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { id, result } = JSON.parse(params.message) as Answer;
      if (id !== undefined) this.#waiting.get(id)?.(result);
    });
  }

  /** Who still waits for an answer gets none. */
  close(): void {
    this.#ended.abort();
  }

  #onAttached({ sessionId, workerInfo }: NodeWorker.AttachedToWorkerEventDataType): void {
    const { title, url } = workerInfo;
    const [, number = '-1', given = ''] = /^\[worker (\d+)\]\s*(.*)$/.exec(title) ?? [];
    this.threads.push({
      threadId: Number(number),
      name: given === '' ? url.slice(url.lastIndexOf('/') + 1) : given,
      send: (method, params = {}) => this.#send(sessionId, method, params),
    });
  }

  async #send(sessionId: string, method: string, params: object): Promise<unknown> {
    const id = ++this.#sent;
    const answer = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    await this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    const late = after(ANSWER_MS, undefined, { signal: this.#ended.signal }).catch(() => undefined);
    const answered = await Promise.race([answer, late]);
    this.#waiting.delete(id);
    return answered;
  }
}
