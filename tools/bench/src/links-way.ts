// What bench:links asks of each way to talk between two processes: a server, started in a process of its own, and a caller in the benchmark's.
import type { HostIdentity } from '@chordial/runtime';

/** Bytes of a message that goes to and fro. */
export const smallBytes = 32;
/** Bytes of a message of the stream. */
export const largeBytes = 65_536;
/** Large messages under way before the caller waits for word. */
export const largeWindow = 16;

/** Both ends have the same key: who is who is not measured. */
export interface LinkServer {
  readonly port: number;
}

export interface LinkCaller {
  /** Small messages to and fro a second, with so many under way. */
  roundTrips(outstanding: number, seconds: number): Promise<number>;
  /** Bytes a second one way, in large messages that the other end acknowledged. */
  bytes(seconds: number): Promise<number>;
  close(): Promise<void>;
}

export interface LinkWay {
  readonly name: string;
  serve(identity: HostIdentity): Promise<LinkServer>;
  call(port: number, identity: HostIdentity): Promise<LinkCaller>;
}

/** Keeps `outstanding` messages under way for some seconds; `send` calls back when one is answered. Answers a second. */
export function closedLoop(
  outstanding: number,
  seconds: number,
  send: (answered: () => void) => void,
): Promise<number> {
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  let count = 0;
  let underWay = outstanding;
  return new Promise((resolve) => {
    const answered = (): void => {
      count++;
      if (performance.now() < endsAt) send(answered);
      else if (--underWay === 0) resolve((count * 1_000) / (performance.now() - startedAt));
    };
    for (let i = 0; i < outstanding; i++) send(answered);
  });
}
