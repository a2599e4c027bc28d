// What will happen, ordered by virtual time and then by the order in which it was arranged, so that a run never depends on
// anything but its seed. A binary heap; cancelled events stay until they come up or outnumber the live ones.

export interface ScheduledEvent {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
  cancelled: boolean;
}

const compactAboveCount = 1_024;

export class EventHeap {
  #events: ScheduledEvent[] = [];
  #cancelledCount = 0;
  #sequenceNext = 1;

  get count(): number {
    return this.#events.length - this.#cancelledCount;
  }

  push(at: number, run: () => void): ScheduledEvent {
    const event: ScheduledEvent = { at, sequence: this.#sequenceNext++, run, cancelled: false };
    this.#events.push(event);
    this.#rise(this.#events.length - 1);
    return event;
  }

  cancel(event: ScheduledEvent): void {
    if (event.cancelled) return;
    event.cancelled = true;
    if (++this.#cancelledCount > compactAboveCount && this.#cancelledCount * 2 > this.#events.length) this.#compact();
  }

  /** The next event at or before `untilMs`, taken out; undefined when there is none. */
  pop(untilMs: number): ScheduledEvent | undefined {
    while (true) {
      const first = this.#events[0];
      if (first === undefined || (first.at > untilMs && !first.cancelled)) return undefined;
      const last = this.#events.pop()!;
      if (this.#events.length > 0) {
        this.#events[0] = last;
        this.#sink(0);
      }
      if (!first.cancelled) {
        // Cancelling an event that already happened must not be counted.
        first.cancelled = true;
        return first;
      }
      this.#cancelledCount--;
    }
  }

  #compact(): void {
    this.#events = this.#events.filter((event) => !event.cancelled);
    this.#cancelledCount = 0;
    for (let i = (this.#events.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  #rise(from: number): void {
    const events = this.#events;
    const event = events[from]!;
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      if (!isBefore(event, events[above]!)) break;
      events[slot] = events[above]!;
      slot = above;
    }
    events[slot] = event;
  }

  #sink(from: number): void {
    const events = this.#events;
    const event = events[from]!;
    let slot = from;
    while (true) {
      let below = slot * 2 + 1;
      if (below >= events.length) break;
      if (below + 1 < events.length && isBefore(events[below + 1]!, events[below]!)) below++;
      if (!isBefore(events[below]!, event)) break;
      events[slot] = events[below]!;
      slot = below;
    }
    events[slot] = event;
  }
}

const isBefore = (a: ScheduledEvent, b: ScheduledEvent): boolean =>
  a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
