// A store that has done everything at once, for tests and benches of one location service. It forgets expired records.
import type { Typed } from '@chordial/actor';
import type { LocationMessage, LocationReply } from '@chordial/location/protocol';
import type { DeleteRecord, GetRecord, PutRecord, ReplicationAnswer } from '@chordial/replication/protocol';

/** A text of its own, not a view of a larger one, as it comes from a parser. */
export const fresh = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

interface Asked {
  readonly now: number;
  tell(message: LocationMessage): Typed[];
}

export class InstantStore {
  readonly #records = new Map<string, { readonly value: string; readonly expiresAt: number }>();
  readonly #keeps: boolean;
  #writesCount = 1_700_000_000_000;

  /** Without `keeps` nothing is remembered, as what a store needs is not what a location service needs. */
  constructor(keeps = true) {
    this.#keeps = keeps;
  }

  /** Tells the service something and answers its questions until the asker has an answer; undefined where it answers nothing. */
  serve(service: Asked, message: LocationMessage): LocationReply | undefined {
    let [sent] = service.tell(message);
    while (sent !== undefined && sent.type !== 'bindings-listed' && sent.type !== 'change-refused')
      [sent] = service.tell(this.#answer(sent as GetRecord | PutRecord | DeleteRecord, service.now));
    return sent as LocationReply | undefined;
  }

  #answer(request: GetRecord | PutRecord | DeleteRecord, now: number): ReplicationAnswer {
    const { correlation, name } = request;
    if (request.type === 'get-record') {
      const { value, expiresAt } = this.#records.get(name) ?? { value: '', expiresAt: 0 };
      return {
        type: 'record-got',
        correlation,
        siblings: expiresAt > now ? [[value, expiresAt - now]] : [],
        context: '',
      };
    }
    if (request.type === 'delete-record') this.#records.delete(name);
    else if (this.#keeps) this.#records.set(name, { value: request.value, expiresAt: now + request.ttlMs });
    return { type: 'record-put', correlation, context: fresh(`g1.${(this.#writesCount++).toString(36)}`) };
  }
}
