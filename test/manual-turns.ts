import type { TurnScheduler } from '../actors/kernel/turn-scheduler.js';

/** Turns that wait until the test lets them come. */
export class ManualTurns implements TurnScheduler {
  readonly #turns: (() => void)[] = [];

  get waiting(): number {
    return this.#turns.length;
  }

  schedule(turn: () => void): void {
    this.#turns.push(turn);
  }

  /** Runs one of those that wait; false if none does. */
  runOne(index = 0): boolean {
    const [turn] = this.#turns.splice(index, 1);
    turn?.();
    return turn !== undefined;
  }

  runAll(): void {
    while (this.runOne());
  }
}
