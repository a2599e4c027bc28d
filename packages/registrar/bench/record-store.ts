// A store of records as an actor of a lane, for tests and benches: it keeps everything at once, in a map, and never fails.
import type { Address, Behaviour } from '@chordial/actor';

interface Asked {
  readonly type: 'get-record' | 'put-record' | 'delete-record';
  readonly name: string;
  readonly value?: string;
  readonly ttlMs?: number;
  readonly replyTo: Address<unknown>;
  readonly correlation: number;
}
interface Records {
  readonly kept: Map<string, { readonly value: string; readonly expiresAt: number }>;
  readonly keeps: boolean;
}

/** The config is whether it keeps anything: a bench counts the memory of others. */
export const recordStore: Behaviour<Records, Asked, boolean> = {
  name: 'record-store',
  init: (keeps) => ({ kept: new Map(), keeps }),
  step({ kept, keeps }, { message, now }, out) {
    const { type, name, value = '', ttlMs = 0, replyTo, correlation } = message;
    if (type === 'get-record') {
      const record = kept.get(name);
      const siblings = record === undefined || record.expiresAt <= now ? [] : [[record.value, record.expiresAt - now]];
      out.send(replyTo, { type: 'record-got', correlation, siblings, context: '' });
      return;
    }
    if (type === 'delete-record') kept.delete(name);
    else if (keeps) kept.set(name, { value, expiresAt: now + ttlMs });
    out.send(replyTo, { type: 'record-put', correlation, context: 'g1.1' });
  },
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
};
