// The clock of one host: monotonic, but neither in step with the world's nor of the same speed. Faults change its rate or let
// it jump ahead; it never goes back.

/** Wall-clock milliseconds when every host's clock shows 0: 2026-01-01. */
export const wallClockAtZero = 1_767_225_600_000;

export class HostClock {
  #localAt: number;
  #worldAt = 0;
  #rate: number;

  /** Shows `offsetMs` when the world's time is 0. */
  constructor(offsetMs: number, rate: number) {
    this.#localAt = offsetMs;
    this.#rate = rate;
  }

  /** Local milliseconds at `world` (virtual milliseconds of the simulation). */
  at(world: number): number {
    return this.#localAt + (world - this.#worldAt) * this.#rate;
  }

  /** How long the world waits until this clock has advanced by `localMs`. */
  worldDelay(localMs: number): number {
    return localMs / this.#rate;
  }

  change(world: number, rate: number, jumpMs: number): void {
    this.#localAt = this.at(world) + jumpMs;
    this.#worldAt = world;
    this.#rate = rate;
  }
}
