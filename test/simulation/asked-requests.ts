import type { WorldListeners } from './world-listener.js';

/** What somebody asks of a process; whether it is answered is listened to. */
export class AskedRequests {
  readonly #process: number;
  readonly #listeners: WorldListeners;
  #asked = 0;

  constructor(process: number, listeners: WorldListeners) {
    this.#process = process;
    this.#listeners = listeners;
  }

  /** `what`: in words. `outlives`: it holds for the next attempt too. */
  add(what: string, answer: Promise<unknown>, outlives = false): void {
    const request = ++this.#asked;
    this.#listeners.onAsked(this.#process, request, what, outlives);
    const answered = (): void => this.#listeners.onAnswered(this.#process, request);
    answer.then(answered, answered);
  }
}
