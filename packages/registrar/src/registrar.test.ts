// One test per sentence of RFC 3261 8.2, 10.3 and 11.2 that the registrar obeys, and one per limit of its own. The location
// service behind it is the real one.
import type { Behaviour, Typed } from '@chordial/actor';
import type { ChangeBindings } from '@chordial/location/protocol';
import { describe, expect, it } from 'vitest';
import { type PeerOptions, RegistrarLane, type RequestOptions, requestText } from '../bench/registrar-lane.ts';

const silent: Behaviour<unknown, Typed, unknown> = {
  name: 'silent',
  init: () => null,
  step: () => undefined,
  mailbox: { messagesMax: 100, overflow: 'refuse' },
};
const full: Behaviour<unknown, Typed, unknown> = { ...silent, mailbox: { messagesMax: 0, overflow: 'refuse' } };

function start(options: PeerOptions = {}) {
  const lane = new RegistrarLane();
  const peer = lane.addPeer(options);
  let cseq = 0;
  const ask = (request: RequestOptions = {}) => lane.ask(peer, requestText({ cseq: ++cseq, ...request }));
  const register = (...lines: string[]) => ask({ lines });
  const contacts = () => register()?.headerLines.split('\r\n').slice(0, -1);
  return { lane, peer, ask, register, contacts };
}

describe('RFC 3261 8.2.1', () => {
  it('"If the UAS recognizes but does not support the method of a request, it MUST generate a 405" with Allow', () => {
    expect(start().ask({ method: 'INVITE' })).toMatchObject({
      statusCode: 405,
      headerLines: 'Allow: REGISTER, OPTIONS\r\n',
    });
  });
});

describe('RFC 3261 10.3 step 2', () => {
  it('"list in it those options it does not understand": 420 with Unsupported', () => {
    const { register, contacts } = start({ registrar: { supportedOptions: ['path'] } });
    expect(register('Require: path, outbound', 'Require: gruu', 'Contact: <sip:a@192.0.2.4>')).toMatchObject({
      statusCode: 420,
      headerLines: 'Unsupported: outbound, gruu\r\n',
    });
    expect(contacts()).toEqual([]);
    expect(register('Require: Path')?.statusCode).toBe(200);
  });

  it('400 for a Require that cannot be read', () => {
    expect(start().register('Require: a b')).toMatchObject({ statusCode: 400, reason: 'Bad Require' });
  });
});

describe('RFC 3261 10.3 step 5', () => {
  it('"all URI parameters MUST be removed ..., and any escaped characters MUST be converted to their unescaped form"', () => {
    const { ask, contacts } = start();
    ask({ to: '"A" <sips:%61lice@Example.COM:5061;user=phone>', lines: ['Contact: <sip:a@192.0.2.4>'] });
    expect(contacts()).toEqual(['Contact: <sip:a@192.0.2.4>;expires=3600']);
  });
});

describe('RFC 3261 10.3 step 6', () => {
  it('"The registrar checks whether the request contains the Contact header field. If not, it skips to the last step."', () => {
    const { register } = start();
    register('Contact: <sip:a@192.0.2.4>');
    expect(register('Expires: 0')).toMatchObject({
      statusCode: 200,
      headerLines: 'Contact: <sip:a@192.0.2.4>;expires=3600\r\n',
    });
  });

  it('Contact: * with Expires: 0 removes all bindings', () => {
    const { register, contacts } = start();
    register('Contact: <sip:a@192.0.2.4>, <sip:a@192.0.2.5>');
    expect(register('Contact: *', 'Expires: 0')).toMatchObject({ statusCode: 200, headerLines: '' });
    expect(contacts()).toEqual([]);
  });

  it('"If the request has additional Contact fields or an expiration time other than zero, ... MUST return a 400"', () => {
    const { register, contacts } = start();
    register('Contact: <sip:a@192.0.2.4>');
    expect(register('Contact: *')?.statusCode).toBe(400);
    expect(register('Contact: *', 'Expires: 1')?.statusCode).toBe(400);
    expect(register('Contact: *', 'Expires: never')?.statusCode).toBe(400);
    expect(register('Contact: *', 'Contact: <sip:b@192.0.2.4>', 'Expires: 0')?.statusCode).toBe(400);
    expect(contacts()).toEqual(['Contact: <sip:a@192.0.2.4>;expires=3600']);
  });
});

describe('RFC 3261 10.3 step 7, the expiration', () => {
  it('is that of the contact, else that of the Expires header, else the default', () => {
    const { register } = start();
    const answer = register('Contact: <sip:a@1.example>;expires=100', 'm: <sip:b@1.example>', 'Expires: 200');
    expect(answer?.headerLines).toBe(
      'Contact: <sip:a@1.example>;expires=100\r\nContact: <sip:b@1.example>;expires=200\r\n',
    );
    expect(start().register('Contact: <sip:c@1.example>')?.headerLines).toContain('expires=3600');
  });

  it('RFC 3261 20.10: "Malformed values SHOULD be treated as equivalent to 3600."', () => {
    const { register, contacts } = start({ registrar: { expiresSecondsDefault: 600 } });
    register('Contact: <sip:a@1.example>;expires=soon', 'Contact: <sip:b@1.example>;expires=4294967296');
    register('Contact: <sip:c@1.example>', 'Expires: 10 minutes');
    register('Contact: <sip:d@1.example>', 'Expires: 60', 'Expires: 70');
    expect(contacts()).toHaveLength(4);
    expect(contacts()?.every((line) => line.endsWith('expires=3600'))).toBe(true);
  });

  it('423 with Min-Expires "if and only if ... greater than zero AND smaller than one hour AND less than a ... minimum"', () => {
    const { register, contacts } = start();
    expect(register('Contact: <sip:a@1.example>;expires=59')).toMatchObject({
      statusCode: 423,
      headerLines: 'Min-Expires: 60\r\n',
    });
    expect(register('Contact: <sip:a@1.example>, <sip:b@1.example>;expires=1')?.statusCode).toBe(423);
    expect(contacts()).toEqual([]);
    expect(register('Contact: <sip:a@1.example>;expires=60')?.statusCode).toBe(200);
    expect(register('Contact: <sip:a@1.example>;expires=0')?.statusCode).toBe(200);
  });

  it('"The registrar MAY choose an expiration less than the requested": at most expiresSecondsMax', () => {
    expect(start().register('Contact: <sip:a@1.example>', 'Expires: 4294967295')?.headerLines).toBe(
      'Contact: <sip:a@1.example>;expires=7200\r\n',
    );
  });

  it('a minimum above one hour is a mistake of ours', () => {
    expect(() => start({ registrar: { expiresSecondsMin: 3_601 } }).register()).toThrow('one hour');
  });
});

describe('RFC 3261 10.3 step 7, the order', () => {
  it('"If not [higher], the update MUST be aborted and the request fails": 500', () => {
    const { ask, contacts } = start();
    ask({ cseq: 9, lines: ['Contact: <sip:a@1.example>'] });
    expect(ask({ cseq: 8, lines: ['Contact: <sip:a@1.example>;expires=0'] })?.statusCode).toBe(500);
    expect(contacts()).toHaveLength(1);
  });

  it('"If not [higher]" is also said of an equal CSeq: 500 for another request with it', () => {
    const { ask, contacts } = start();
    ask({ cseq: 9, lines: ['Contact: <sip:a@1.example>'] });
    expect(ask({ cseq: 9, lines: ['Contact: <sip:a@1.example>;expires=0'] })?.statusCode).toBe(500);
    expect(ask({ cseq: 9, lines: ['Contact: <sip:a@1.example>;q=0.1'] })?.statusCode).toBe(500);
    expect(ask({ cseq: 9, lines: ['Contact: *', 'Expires: 0'] })?.statusCode).toBe(500);
    expect(contacts()).toEqual(['Contact: <sip:a@1.example>;expires=3600']);
  });

  it('a retransmission that outlived its transaction is answered with the bindings', () => {
    const { lane, ask } = start();
    ask({ cseq: 9, lines: ['Contact: <sip:a@1.example>;expires=100'] });
    lane.advance(40_500);
    expect(ask({ cseq: 9, lines: ['Contact: <sip:a@1.example>;expires=100'] })).toMatchObject({
      statusCode: 200,
      headerLines: 'Contact: <sip:a@1.example>;expires=59\r\n',
    });
  });
});

describe('RFC 3261 10.3 step 8', () => {
  it('"The response MUST contain Contact header field values enumerating all current bindings", with expires and q', () => {
    const { lane, register, contacts } = start();
    register('Contact: <sip:a@1.example>;q=0.25;expires=100');
    register('Contact: "Desk" <sip:b@1.example;transport=TCP>;q=1.0', 'Expires: 600');
    lane.advance(30_000);
    expect(contacts()).toEqual([
      'Contact: <sip:b@1.example;transport=TCP>;expires=570',
      'Contact: <sip:a@1.example>;expires=70;q=0.25',
    ]);
    lane.advance(70_000);
    expect(contacts()).toEqual(['Contact: <sip:b@1.example;transport=TCP>;expires=500']);
  });

  it('keeps +sip.instance and reg-id (RFC 5626) and contacts of other schemes', () => {
    const { register } = start();
    const line =
      'Contact: <sip:a@1.example>;expires=600;+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>";reg-id=1';
    expect(register(line, 'Contact: <tel:+15551234>;expires=60')?.headerLines).toBe(
      `${line}\r\nContact: <tel:+15551234>;expires=60\r\n`,
    );
  });

  it('an instance cannot smuggle a header line into the answer', () => {
    const { register } = start();
    const answer = register('Contact: <sip:a@1.example>;+sip.instance="x\r\n Evil: 1"');
    expect(answer?.headerLines).toBe('Contact: <sip:a@1.example>;expires=3600\r\n');
  });
});

describe('malformed requests', () => {
  it('400 for a Contact that cannot be read, and nothing of the request is applied', () => {
    const { register, contacts } = start();
    for (const bad of [
      '<sip:a@1.example',
      '<sip:@1.example>',
      '<sip:a@1.example>;q=2',
      'nonsense',
      '<sip:a@b:99999>',
    ]) {
      expect(register('Contact: <sip:ok@1.example>', `Contact: ${bad}`), bad).toMatchObject({
        statusCode: 400,
        reason: 'Bad Contact',
      });
    }
    expect(contacts()).toEqual([]);
  });
});

describe('limits', () => {
  it('contactsMax, contactCharactersMax, callIdBytesMax: 403 that says which', () => {
    const { ask, register } = start({
      registrar: { contactsMax: 2, contactCharactersMax: 20, callIdBytesMax: 30 },
    });
    expect(register('Contact: <sip:a@1>,<sip:b@1>,<sip:c@1>')).toMatchObject({
      statusCode: 403,
      reason: 'Too Many Contacts',
    });
    expect(register('Contact: <sip:a@123456789.example>')).toMatchObject({ reason: 'Contact Too Long' });
    expect(register(`Contact: <sip:a@1>;+sip.instance="${'x'.repeat(21)}"`)).toMatchObject({
      reason: 'Contact Too Long',
    });
    expect(ask({ callId: 'x'.repeat(31) })).toMatchObject({ statusCode: 403, reason: 'Call-ID Too Long' });
    expect(register('Contact: <sip:a@1>')?.statusCode).toBe(200);
  });

  it('aorCharactersMax: 403, as a user would keep the name as long as a binding lives', () => {
    const { ask } = start();
    const bind = (name: string) => ask({ to: `<sip:${name}@example.com>`, lines: ['Contact: <sip:a@1>'] });
    expect(bind('n'.repeat(512 - '@example.com'.length))?.statusCode).toBe(200);
    expect(bind('n'.repeat(513 - '@example.com'.length))).toMatchObject({
      statusCode: 403,
      reason: 'Address-Of-Record Too Long',
    });
  });

  it('recordCharactersMax: 403, so that no record makes an answer with more than 1,890 octets of Contact', () => {
    const { ask, register } = start();
    const contactOf = (n: number, host: string) =>
      `<sip:${n}@${host}>;q=0.001;+sip.instance="${'i'.repeat(54)}";reg-id=999999999`;
    const ten = (host: string) => Array.from({ length: 10 }, (_, n) => `Contact: ${contactOf(n, host)}`);
    const refused = { statusCode: 403, reason: 'Too Many Characters In Bindings' };
    // 60 characters of contact and 61 of instance and user agent, ten times: ten above the limit.
    expect(register(...ten('h'.repeat(54)), 'User-Agent: 1234567')).toMatchObject(refused);
    expect(register()?.headerLines).toBe('');
    // 66 characters of contact and 54 of instance.
    expect(register(...ten('h'.repeat(60)), 'Expires: 7200')?.statusCode).toBe(200);
    const most = register()?.headerLines ?? '';
    expect(most.length).toBeLessThanOrEqual(1_890);
    expect(most.length).toBeGreaterThan(1_800);
    expect(register('Contact: <sip:more@192.0.2.4>')).toMatchObject({ statusCode: 403 });
    expect(ask({ to: '<sip:bob@example.com>', lines: [`Contact: <sip:${'x'.repeat(500)}@h>`] })?.statusCode).toBe(200);
  });

  it('bindingsPerUserMax: 403; usersMax: 503 with Retry-After', () => {
    const { ask, register } = start({ location: { bindingsPerUserMax: 1, usersMax: 1 } });
    register('Contact: <sip:a@1>');
    expect(register('Contact: <sip:b@1>')).toMatchObject({ statusCode: 403, reason: 'Too Many Bindings' });
    expect(ask({ to: '<sip:bob@example.com>', lines: ['Contact: <sip:b@1>'] })).toMatchObject({
      statusCode: 503,
      headerLines: 'Retry-After: 5\r\n',
    });
  });

  it('pendingMax: 503 at once; deadlineMs: 504 for those who wait', () => {
    const { lane, register } = start({ locationBehaviour: silent, registrar: { pendingMax: 1, deadlineMs: 1_000 } });
    expect(register('Contact: <sip:a@1>')).toBeUndefined();
    expect(register('Contact: <sip:a@1>')?.statusCode).toBe(503);
    lane.answers.length = 0;
    lane.advance(999);
    expect(lane.answers).toEqual([]);
    lane.advance(1);
    expect(lane.answers).toMatchObject([{ statusCode: 504, transaction: 1 }]);
    expect(lane.timersCount).toBe(0);
    expect(register('Contact: <sip:a@1>')).toBeUndefined();
    lane.advance(1_000);
    expect(lane.answers).toMatchObject([{ statusCode: 504, transaction: 3 }]);
  });

  it.each(['store-failed', 'not-owner', 'busy'] as const)('change-refused with %s: 503 with Retry-After', (reason) => {
    const refusing: Behaviour<unknown, Typed, unknown> = {
      ...silent,
      step: (_state, { message }, out) => {
        const { replyTo, correlation } = message as ChangeBindings;
        out.send(replyTo, { type: 'change-refused', correlation, reason });
      },
    };
    const { ask, register } = start({ locationBehaviour: refusing });
    const unavailable = { statusCode: 503, reason: 'Service Unavailable', headerLines: 'Retry-After: 5\r\n' };
    expect(register('Contact: <sip:a@1>')).toMatchObject(unavailable);
    expect(register()).toMatchObject(unavailable);
    expect(ask({ method: 'OPTIONS', uri: 'sip:alice@example.com' })).toMatchObject(unavailable);
  });

  it('a location service without room: 503', () => {
    expect(start({ locationBehaviour: full }).register('Contact: <sip:a@1>')?.statusCode).toBe(503);
  });

  it('userAgentBytesMax: a longer one is not kept, the binding is', () => {
    const { register } = start({ registrar: { userAgentBytesMax: 4 } });
    expect(register('Contact: <sip:a@1>', 'User-Agent: Phone/1.0')?.statusCode).toBe(200);
  });
});

describe('RFC 3261 11.2, OPTIONS to a user', () => {
  it('200 with Allow, Accept, Accept-Encoding, Accept-Language and Supported while a binding lives, else 480', () => {
    const { lane, ask, register } = start();
    const options = () => ask({ method: 'OPTIONS', uri: 'sip:alice@example.com' });
    expect(options()?.statusCode).toBe(480);
    register('Contact: <sip:a@1>;expires=60');
    expect(options()).toMatchObject({ statusCode: 200 });
    for (const name of ['Allow', 'Accept', 'Accept-Encoding', 'Accept-Language', 'Supported']) {
      expect(options()?.headerLines).toContain(`${name}: `);
    }
    lane.advance(60_000);
    expect(options()?.statusCode).toBe(480);
  });
});

describe('an idle peer', () => {
  it('has no timer once all is answered and nobody is bound', () => {
    const { lane, register } = start();
    register('Contact: <sip:a@1>');
    register('Contact: *', 'Expires: 0');
    lane.advance(5_000);
    expect(lane.timersCount).toBe(0);
  });

  it('answers nothing to a deadline-due or a reply that nobody waits for', () => {
    const { lane, peer } = start();
    lane.tell(peer, { type: 'deadline-due' });
    lane.tell(peer, { type: 'bindings-listed', correlation: 1, bindings: [], now: 0 });
    lane.tell(peer, { type: 'change-refused', correlation: 1, reason: 'users-exceeded' });
    expect(lane.answers).toEqual([]);
    expect(lane.timersCount).toBe(0);
  });
});
