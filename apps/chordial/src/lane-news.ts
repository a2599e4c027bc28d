// Which events of a host an operator has not heard in another way: that a lane is up is news only after it was said to be
// away, as the greeting says of all lanes that they are up.

export class LaneNews {
  readonly #away = new Set<number>();

  /** Whether to tell; called once for each event, in order. */
  isNew({ kind, lane }: { readonly kind: string; readonly lane: number }): boolean {
    if (kind === 'lane-up') return this.#away.delete(lane);
    if (kind === 'lane-slow' || kind === 'lane-down') this.#away.add(lane);
    return true;
  }
}
