/**
 * Gives actors their turns. Production: the event loop of the thread. Simulation: a seeded draw among all
 * that wait.
 */
export interface TurnScheduler {
  /** Runs `turn` once, later, never from inside this call. `turn` does not throw. */
  schedule(turn: () => void): void;
}
