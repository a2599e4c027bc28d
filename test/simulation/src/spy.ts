// An outbox that shows what an actor sends before it is sent.
import type { Outbox, Typed } from '@chordial/actor';

export const spyOn = (
  out: Outbox,
  see: (to: number, message: Typed & { readonly correlation?: number }) => void,
): Outbox => ({
  send: (to, message) => {
    see(to as number, message as Typed);
    out.send(to, message);
  },
  setTimer: out.setTimer.bind(out),
  clearTimer: out.clearTimer.bind(out),
  spawn: out.spawn.bind(out),
  stop: out.stop.bind(out),
});
