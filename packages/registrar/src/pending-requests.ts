// Requests that wait for the location service, oldest first, each with a deadline. Bounded; the correlation that goes to
// the location service and comes back names the request.
import type { Asker } from './answers.ts';

export interface PendingRequest extends Asker {
  readonly method: 'REGISTER' | 'OPTIONS';
  readonly deadlineAt: number;
}

export class PendingRequests {
  readonly #requests = new Map<number, PendingRequest>();
  #correlationNext = 1;

  get count(): number {
    return this.#requests.size;
  }

  /** Keeps a request; its deadline is not before that of those already here. Returns its correlation. */
  add(request: PendingRequest): number {
    const correlation = this.#correlationNext++;
    this.#requests.set(correlation, request);
    return correlation;
  }

  /** Gives up a request; undefined when it is no longer (or never was) here. */
  take(correlation: number): PendingRequest | undefined {
    const request = this.#requests.get(correlation);
    if (request !== undefined) this.#requests.delete(correlation);
    return request;
  }

  /** The deadline of the oldest, or undefined. */
  get deadlineAt(): number | undefined {
    for (const request of this.#requests.values()) return request.deadlineAt;
    return undefined;
  }

  /** Gives up the oldest request if its deadline is over. */
  takeOverdue(now: number): PendingRequest | undefined {
    for (const [correlation, request] of this.#requests) {
      if (request.deadlineAt > now) return undefined;
      this.#requests.delete(correlation);
      return request;
    }
    return undefined;
  }

  /** All of them, oldest first. */
  requests(): Iterable<PendingRequest> {
    return this.#requests.values();
  }
}
