/**
 * A bounded queue: messages leave in the order they came.
 *
 * Invariant: 0 <= size <= capacity; slots that hold no message refer to nothing.
 */
export class Mailbox<M> {
  readonly capacity: number;
  #slots: (M | undefined)[] = [];
  #head = 0;
  #size = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** False: it is full, and the message was not taken. */
  put(message: M): boolean {
    if (this.#size === this.capacity) return false;
    if (this.#size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#size) % this.#slots.length] = message;
    this.#size++;
    return true;
  }

  /** Hands the oldest message to `receive`; false if there is none. */
  take(receive: (message: M) => void): boolean {
    if (this.#size === 0) return false;
    const message = this.#slots[this.#head] as M;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#size--;
    receive(message);
    return true;
  }

  clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.#size = 0;
  }

  #grow(): void {
    const { length } = this.#slots;
    const slots = new Array<M | undefined>(Math.min(this.capacity, Math.max(16, length * 2)));
    for (let i = 0; i < this.#size; i++) slots[i] = this.#slots[(this.#head + i) % length];
    this.#slots = slots;
    this.#head = 0;
  }
}
