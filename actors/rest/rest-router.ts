import { MillraceError } from '../../core/internal.js';
import {
  failure,
  failureOf,
  type RestAnswer,
  type RestHandler,
  type RestRequest,
  tooMany,
} from './rest-message.js';
import { Turns } from './turns.js';

/** `pattern`: Flink's way to write a path, `/jobs/:jobid`. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly pattern: string;
  readonly handle: RestHandler;
}

/** By method. */
type Leaf = Map<string, Route>;

interface Branch {
  readonly leaf: Leaf;
  readonly named: Map<string, Branch>;
  place: Branch | undefined;
}

const VERSION = 'v1';
const HANDLED_MAX = 16;
/** More than there are connections at a time; those that were closed meanwhile still wait. */
const WAITING_MAX = 512;

/**
 * Finds the handler of a request. Paths stand under `/v1` and without a version; a fixed part goes before a place.
 *
 * Invariants: the table never changes; {@link HANDLED_MAX} requests are handled at a time, so that what they are
 * answered from is not in memory more often than that, and no more than {@link WAITING_MAX} wait for it.
 */
export class RestRouter {
  readonly #root = branch();
  readonly #turns = new Turns(HANDLED_MAX, WAITING_MAX);
  readonly #onDefect: (error: unknown) => void;

  /** @param onDefect told of errors that are no answers, of which clients learn only that there was one */
  constructor(routes: readonly Route[], onDefect: (error: unknown) => void) {
    this.#onDefect = onDefect;
    for (const route of routes) {
      let at = this.#root;
      for (const part of partsOf(route.pattern)) {
        if (part.startsWith(':')) {
          at.place ??= branch();
          at = at.place;
        } else {
          const next = at.named.get(part) ?? branch();
          at.named.set(part, next);
          at = next;
        }
      }
      at.leaf.set(route.method, route);
    }
  }

  /** Never rejects. */
  async answer(
    method: string,
    path: string,
    query: URLSearchParams,
    readBody: () => Promise<unknown>,
  ): Promise<RestAnswer> {
    const parts = decoded(path);
    if (parts === undefined) return failure(400, 'The path of the request cannot be decoded.');
    const leaf = this.#find(parts[0] === VERSION ? parts.slice(1) : parts);
    if (leaf === undefined) return failure(404, `Not found: ${path}`);
    const route = leaf.get(method);
    if (route === undefined) return failure(405, `Allowed here: ${[...leaf.keys()].join(', ')}`);
    try {
      const body = await readBody();
      const offset = parts[0] === VERSION ? 1 : 0;
      const request = { method, path: placesOf(route, parts, offset), query, body };
      const answer = this.#turns.take(() => route.handle(request));
      return answer === undefined ? tooMany() : await answer;
    } catch (error) {
      const answer = failureOf(error);
      if (answer.status === 500) this.#onDefect(error);
      return answer;
    }
  }

  #find(parts: readonly string[]): Leaf | undefined {
    let at: Branch | undefined = this.#root;
    for (const part of parts) at = at?.named.get(part) ?? at?.place;
    return at === undefined || at.leaf.size === 0 ? undefined : at.leaf;
  }
}

/** The value of a place, which the pattern of the route has. */
export function place(request: RestRequest, name: string): string {
  const value = request.path[name];
  if (value === undefined) throw new MillraceError('MR9001', `The route has no place ${name}.`);
  return value;
}

function branch(): Branch {
  return { leaf: new Map(), named: new Map(), place: undefined };
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function decoded(path: string): string[] | undefined {
  try {
    return partsOf(path).map(decodeURIComponent);
  } catch {
    // A stray % is no path of ours.
    return undefined;
  }
}

function placesOf(route: Route, parts: readonly string[], offset: number): Record<string, string> {
  const places: Record<string, string> = {};
  partsOf(route.pattern).forEach((part, i) => {
    if (part.startsWith(':')) places[part.slice(1)] = parts[i + offset] ?? '';
  });
  return places;
}
