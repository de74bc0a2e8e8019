import { Agent, get } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';

/**
 * A program beside the cluster, as a browser and Prometheus are: it asks as often as they do while it is told to, and
 * takes the time of single answers. Told by its parent.
 */
export type WatcherOrder =
  | { readonly type: 'watch'; readonly url: string; readonly jobId: string; readonly forMs: number }
  | { readonly type: 'time'; readonly url: string; readonly requests: number };

/** `bytes`: of what a watcher was answered; `ms`: of each request, in their order. */
export interface WatcherAnswer {
  readonly bytes: number;
  readonly ms: readonly number[];
}

const SCRAPE_EVERY_MS = 1000;
/** `web.refresh-interval`, as it is where nobody has set it. */
const REFRESH_EVERY_MS = 3000;
/** Between two timed requests. */
const PAUSE_MS = 10;

/** Connections that rested between two orders might be closed by the server just as they are taken again. */
let agent = new Agent();

function bytesOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/** What the page of a job with its graph asks for at each look, and that of a vertex beside it. */
async function pagesOf(url: string, jobId: string): Promise<readonly string[]> {
  const job = `${url}/jobs/${jobId}`;
  const { vertices } = (await (await fetch(job)).json()) as { vertices: { id: string }[] };
  const below = ['', '/checkpoints', '/exceptions', '/millrace/explain'].map((path) => job + path);
  const ofVertices = vertices.flatMap(({ id }) => [
    `${job}/vertices/${id}`,
    `${job}/vertices/${id}/watermarks`,
  ]);
  return [`${url}/overview`, `${url}/jobs/overview`, `${url}/taskmanagers`, ...below, ...ofVertices];
}

async function watch(url: string, jobId: string, forMs: number): Promise<WatcherAnswer> {
  const pages = await pagesOf(url, jobId);
  const untilMs = performance.now() + forMs;
  let bytes = 0;
  const each = async (everyMs: number, urls: readonly string[]): Promise<void> => {
    for (let due = performance.now(); due < untilMs; due += everyMs) {
      await after(Math.max(0, due - performance.now()));
      for (const each of await Promise.all(urls.map(bytesOf))) bytes += each;
    }
  };
  const ends = after(forMs);
  await Promise.all([ends, each(SCRAPE_EVERY_MS, [`${url}/metrics`]), each(REFRESH_EVERY_MS, pages)]);
  return { bytes, ms: [] };
}

async function time(url: string, requests: number): Promise<WatcherAnswer> {
  const ms: number[] = [];
  let bytes = 0;
  for (let i = 0; i < requests; i++) {
    const begin = performance.now();
    bytes += await bytesOf(url);
    ms.push(performance.now() - begin);
    await after(PAUSE_MS);
  }
  return { bytes, ms };
}

process.on('message', (order: WatcherOrder) => {
  agent.destroy();
  agent = new Agent({ keepAlive: true, maxSockets: 6 });
  const answer =
    order.type === 'watch' ? watch(order.url, order.jobId, order.forMs) : time(order.url, order.requests);
  answer.then(
    (answered) => process.send?.(answered),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
