/** An answer of the server that is no success, in its own words. */
export class RestError extends Error {
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RestError';
    this.status = status;
  }
}

/** What the page knows of its server. `unauthorized`: it wants a token. */
export type ConnectionState = 'connecting' | 'live' | 'lost' | 'unauthorized';

const TOKEN_KEY = 'millrace-token';

/**
 * Asks the server that the page came from, and no other. Keeps what the last request told of the connection.
 *
 * Invariants: `state` is `lost` from a request that was not answered until one that is; listeners are told of
 * every change of it, once.
 */
export class RestClient {
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState = 'connecting';
  #token = sessionStorage.getItem(TOKEN_KEY);

  get state(): ConnectionState {
    return this.#state;
  }

  /** Returns what ends it. */
  listen(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Kept as long as the tab lives. */
  useToken(token: string): void {
    this.#token = token;
    sessionStorage.setItem(TOKEN_KEY, token);
    this.#enter('connecting');
  }

  /** Rejects with {@link RestError} for an answer that is none; with another error where the server is not reached. */
  async get<T>(path: string, signal: AbortSignal): Promise<T> {
    return (await (await this.#request('GET', path, undefined, signal)).json()) as T;
  }

  async text(path: string, signal: AbortSignal): Promise<string> {
    return (await this.#request('GET', path, undefined, signal)).text();
  }

  /** Undefined for an answer without a body. */
  async send<T>(method: 'POST' | 'PATCH' | 'PUT', path: string, body?: unknown): Promise<T | undefined> {
    const response = await this.#request(method, path, JSON.stringify(body ?? {}), null);
    const text = await response.text();
    return text === '' ? undefined : (JSON.parse(text) as T);
  }

  async #request(
    method: string,
    path: string,
    body: string | undefined,
    signal: AbortSignal | null,
  ): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (this.#token !== null) headers.authorization = `Bearer ${this.#token}`;
    let response: Response;
    try {
      response = await fetch(path, { method, headers, body: body ?? null, signal, cache: 'no-store' });
    } catch (error) {
      if (signal?.aborted !== true) this.#enter('lost');
      throw error;
    }
    this.#enter(response.status === 401 ? 'unauthorized' : 'live');
    if (!response.ok) throw new RestError(response.status, await errorTextOf(response));
    return response;
  }

  #enter(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

/** `{"errors": [...]}`, or what else it says. The first line: servers may put a stack below it. */
async function errorTextOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { errors } = JSON.parse(text) as { errors?: readonly string[] };
    const said = errors?.filter((line) => line !== '').join(' ') ?? '';
    if (said !== '') return said;
  } catch {
    // Not JSON: the text itself is what it says.
  }
  return text.trim() === '' ? `The server answered ${response.status}.` : text.trim().slice(0, 500);
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
