// What a transport passes up, sends down, shares with its siblings and drops.
import type { Address } from '@chordial/actor';
import { describe, expect, test } from 'vitest';
import { transportInvariants } from './invariants.ts';
import { DISPATCHER, noise, OWNER, SIBLINGS, TestTransport, UDP } from './outbox.fixture.ts';
import type { Flow, SendMessage } from './protocol.ts';

describe('binding', () => {
  test('it asks for the shared socket at birth and tells its owner the real port', () => {
    const transport = new TestTransport({ listen: { address: '127.0.0.1', port: 0, shared: true } }, 'unbound');
    const request = { type: 'bind-udp', replyTo: 9, address: '127.0.0.1', port: 0, shared: true };
    expect(transport.out.sent).toEqual([{ to: UDP, message: request }]);
    const sent = transport.step({ type: 'udp-bound', socket: 4, address: '127.0.0.1', port: 40_000 });
    expect(sent).toEqual([{ to: OWNER, message: { type: 'transport-ready', address: '127.0.0.1', port: 40_000 } }]);
  });
  test('a port that is taken is the owner’s business', () => {
    const transport = new TestTransport({}, 'unbound');
    const failure = { code: 'EADDRINUSE', sentence: 'the port is taken' };
    const sent = transport.step({ type: 'udp-failed', socket: 0, ...failure });
    const message = { type: 'transport-failed', address: '127.0.0.1', port: 5060, ...failure };
    expect(sent).toEqual([{ to: OWNER, message }]);
  });
  test('an error of one datagram is counted', () => {
    const transport = new TestTransport();
    expect(transport.step({ type: 'udp-failed', socket: 4, code: 'ECONNREFUSED', sentence: 'no one there' })).toEqual(
      [],
    );
    expect(transport.state.counts.socketErrors).toBe(1);
  });
  test('what is sent before the socket is bound is counted and dropped', () => {
    const transport = new TestTransport({}, 'unbound');
    const flow = { transport: 'udp', address: '192.0.2.4', port: 5060 } as const;
    expect(transport.step({ type: 'send-message', bytes: new Uint8Array(4), start: 0, end: 4, flow })).toEqual([]);
    expect(transport.state.counts.unbound).toBe(1);
  });
});

describe('up', () => {
  test('a message goes to the dispatcher with its flow', () => {
    const [sent, ...others] = new TestTransport().receive('OPTIONS sip:a SIP/2.0\r\n\r\n', { port: 40_001 });
    expect(others).toEqual([]);
    expect(sent).toMatchObject({
      to: DISPATCHER,
      message: {
        type: 'message-received',
        start: 0,
        end: 25,
        flow: { transport: 'udp', address: '192.0.2.4', port: 40_001 },
      },
    });
  });
  test('a source is named in its canonical form: IPv4 as IPv4 on a socket for both', () => {
    const [sent] = new TestTransport().receive('OPTIONS', { address: '::FFFF:192.0.2.9' });
    expect(sent?.message.flow).toMatchObject({ address: '192.0.2.9' });
    const [other] = new TestTransport().receive('OPTIONS', { address: '2001:DB8::1' });
    expect(other?.message.flow).toMatchObject({ address: '2001:db8::1' });
  });
  test('RFC 3261 7.5: CRLF before the start line is ignored', () => {
    const [sent] = new TestTransport().receive('\r\n\r\nOPTIONS');
    expect(sent?.message).toMatchObject({ start: 4, end: 11 });
  });
  test.each(['', '\r\n', '\r\n\r\n', '\0', '\0\0\0\0'])('a keep-alive is dropped without a word: %j', (text) => {
    const transport = new TestTransport();
    expect(transport.receive(text)).toEqual([]);
    expect(transport.state.counts.keepAlives).toBe(1);
  });
  test('STUN and RTP on the port are not parsed as SIP (RFC 7983)', () => {
    const transport = new TestTransport();
    expect(transport.receive(`\0\x01\0\0${'x'.repeat(16)}`)).toEqual([]);
    expect(transport.state.counts.foreign).toBe(1);
  });
  test('a message longer than the limit, or from port 0, is dropped and counted', () => {
    const transport = new TestTransport({ messageBytesMax: 10 });
    expect(transport.receive('O'.repeat(11))).toEqual([]);
    expect(transport.receive('O'.repeat(10))).toHaveLength(1);
    expect(transport.receive('O', { port: 0 })).toEqual([]);
    expect(transport.state.counts).toMatchObject({ received: 3, tooLong: 1, unanswerable: 1 });
  });
  test('noise neither throws nor breaks an invariant', () => {
    const transport = new TestTransport();
    for (let seed = 0; seed < 500; seed++) {
      expect(transport.receive(noise(seed, seed % 70), { backlog: seed % 12 }).length).toBeLessThanOrEqual(1);
      expect(transportInvariants(transport.state)).toBeUndefined();
    }
    expect(transport.state.counts.received).toBe(500);
  });
});

describe('a dispatcher that has too much to do', () => {
  test('a message that comes back is counted; its sender retransmits', () => {
    const transport = new TestTransport();
    const [sent] = transport.receive('OPTIONS');
    expect(transport.step({ type: 'message-refused', to: DISPATCHER as never, message: sent!.message })).toEqual([]);
    expect(transport.state.counts.messagesRefused).toBe(1);
  });
});

describe('down', () => {
  const send = (transport: TestTransport, address: string) =>
    transport.step({
      type: 'send-message',
      bytes: new Uint8Array(9),
      start: 2,
      end: 7,
      flow: { transport: 'udp', address, port: 40_001 },
    });
  test('a response leaves by the socket of the lane', () => {
    const message = { type: 'send-datagram', socket: 4, address: '192.0.2.4', port: 40_001, start: 2, end: 7 };
    expect(send(new TestTransport(), '192.0.2.4')).toMatchObject([{ to: UDP, message }]);
  });
  test('an IPv6 socket reaches an IPv4 client by the mapped address', () => {
    const transport = new TestTransport({}, { type: 'udp-bound', socket: 4, address: '::', port: 5060 });
    expect(send(transport, '192.0.2.4')[0]?.message.address).toBe('::ffff:192.0.2.4');
    expect(send(transport, '2001:db8::1')[0]?.message.address).toBe('2001:db8::1');
  });
});

describe('a flow that came to another host', () => {
  const edge = 77 as Address<SendMessage>;
  const client = { transport: 'udp', address: '192.0.2.4', port: 40_001 } as const;
  const message = (flow: Flow): SendMessage => ({
    type: 'send-message',
    bytes: new Uint8Array(9),
    start: 2,
    end: 7,
    flow,
  });

  test('a response goes to its edge, once: there the flow has no edge', () => {
    const transport = new TestTransport();
    const sent = transport.step(message({ ...client, edge }));
    expect(sent).toEqual([{ to: edge, message: message(client) }]);
    expect(transport.state.counts).toMatchObject({ passedToEdge: 1, sent: 0 });
  });
  test('the edge itself sends by its socket, and so does a lane that is the edge', () => {
    const datagram = { type: 'send-datagram', address: '192.0.2.4', port: 40_001, start: 2, end: 7 };
    expect(new TestTransport().step(message(client))).toMatchObject([{ to: UDP, message: datagram }]);
    const self = 9 as Address<SendMessage>;
    expect(new TestTransport().step(message({ ...client, edge: self }))).toMatchObject([
      { to: UDP, message: datagram },
    ]);
  });
  test('an edge can be reached before the own socket is bound', () => {
    expect(new TestTransport({}, 'unbound').step(message({ ...client, edge }))).toHaveLength(1);
  });
  test('an edge that cannot be reached is counted; the client retransmits', () => {
    const transport = new TestTransport();
    const [sent] = transport.step(message({ ...client, edge }));
    expect(transport.step({ type: 'message-refused', to: edge as never, message: sent!.message })).toEqual([]);
    expect(transport.state.counts.edgesRefused).toBe(1);
    expect(transportInvariants(transport.state)).toBeUndefined();
  });
});

describe('handing over (DESIGN section 4)', () => {
  test('a lane that is behind takes turns with its siblings; one that is not keeps all', () => {
    const transport = new TestTransport();
    const targets = [9, 9, 9, 9, 8, 7, 0].map((backlog) => transport.receive('OPTIONS', { backlog })[0]?.to);
    const [first, second] = SIBLINGS;
    expect(targets).toEqual([first, second, DISPATCHER, first, second, DISPATCHER, DISPATCHER]);
    expect(transport.state.counts.handedOver).toBe(4);
  });
  test('the datagram is handed over as it came', () => {
    const [sent] = new TestTransport().receive('\r\nOPTIONS', { backlog: 9, address: '::ffff:192.0.2.9' });
    const message = { type: 'hand-over-datagram', start: 0, end: 9, address: '::ffff:192.0.2.9', port: 5060 };
    expect(sent?.message).toMatchObject(message);
  });
  test('a lane without siblings serves itself', () => {
    expect(new TestTransport({ siblings: [] }).receive('OPTIONS', { backlog: 99 })[0]?.to).toBe(DISPATCHER);
  });
  test('what was handed over is never handed over again', () => {
    const transport = new TestTransport({ handOverBacklogMin: 0 });
    const bytes = new Uint8Array(Buffer.from('OPTIONS'));
    const sent = transport.step({
      type: 'hand-over-datagram',
      bytes,
      start: 0,
      end: 7,
      address: '192.0.2.4',
      port: 5060,
    });
    expect(sent.map(({ to }) => to)).toEqual([DISPATCHER]);
    expect(transport.state.counts).toMatchObject({ takenOver: 1, handedOver: 0 });
  });
  test('a sibling whose link is full: the lane serves the datagram itself', () => {
    const transport = new TestTransport();
    const [handed] = transport.receive('OPTIONS', { backlog: 9 });
    const sent = transport.step({ type: 'message-refused', to: 11 as never, message: handed!.message });
    expect(sent.map(({ to }) => to)).toEqual([DISPATCHER]);
    expect(transport.state.counts.handOversRefused).toBe(1);
    expect(transportInvariants(transport.state)).toBeUndefined();
  });
});
