// Golden conversations: a REGISTER through transport, dispatcher, transaction and service, on its owner's lane and across
// lanes. A change of any line here is a change of behaviour.
import { expect, test } from 'vitest';
import { requestText, TestHost } from './host.fixture.ts';

test('REGISTER on the lane of its owner', () => {
  const host = new TestHost();
  host.trace.length = 0;
  const [sent, ...others] = host.exchange(requestText({ user: 'alice' }));
  expect(host.trace).toEqual([
    '0: sip-transport <- datagram-received',
    '0: dispatcher <- message-received',
    '0: sip-transaction <- serve-request',
    '0: service <- request-received',
    '0: sip-transaction <- respond',
    '0: sip-transport <- send-message',
    '0: udp <- send-datagram',
  ]);
  expect(others).toEqual([]);
  expect(sent?.to).toBe('192.0.2.4:5060');
  expect(sent?.text.replace(/(To: .*;tag=)[0-9a-z]+/, '$1TAG')).toBe(
    [
      'SIP/2.0 200 OK',
      'Via: SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bK1;rport=5060;received=192.0.2.4',
      'From: <sip:alice@example.com>;tag=f1',
      'To: <sip:alice@example.com>;tag=TAG',
      'Call-ID: c1@192.0.2.4',
      'CSeq: 1 REGISTER',
      'Contact: <sip:alice@192.0.2.4>;expires=3600',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
});

test('REGISTER that arrives on another lane than its owner, and its retransmission on a third', () => {
  const host = new TestHost({ lanesCount: 3 });
  const user = host.userOn(1);
  host.trace.length = 0;
  const [sent] = host.exchange(requestText({ user }), '192.0.2.4:40000', 0);
  expect(host.trace).toEqual([
    '0: sip-transport <- datagram-received',
    '0: dispatcher <- message-received',
    '1: dispatcher <- forward-request',
    '1: sip-transaction <- serve-request',
    '1: service <- request-received',
    '1: sip-transaction <- respond',
    '1: sip-transport <- send-message',
    '1: udp <- send-datagram',
  ]);
  expect(sent?.to).toBe('192.0.2.4:40000');
  expect(sent?.lane).toBe(1);
  const [again, ...others] = host.exchange(requestText({ user }), '192.0.2.4:40000', 2);
  expect(again?.text).toBe(sent?.text);
  expect(others).toEqual([]);
  expect(host.served).toHaveLength(1);
});

test('REGISTER that arrives on another host than its owner, by way of a joiner that owns nothing yet', () => {
  const host = new TestHost({ hostsCount: 3, peersPerLane: 1, dispatcher: { hopsMax: 24 } });
  const [a, joiner, successor] = host.members;
  const [edge, first, second] = [a!, joiner!, successor!].map((member) => host.threadOf(member));
  const user = host.userOn(first!);
  host.tellRange({ type: 'range-changed', self: joiner!, owns: false, from: joiner!.key, epoch: 2 });
  host.tellRange({ type: 'range-changed', self: successor!, owns: true, from: a!.key, epoch: 2 });
  host.settle();
  host.trace.length = 0;
  const [sent, ...others] = host.exchange(requestText({ user }), '192.0.2.4:40000', edge);
  expect(host.trace).toEqual([
    `${edge}: sip-transport <- datagram-received`,
    `${edge}: dispatcher <- message-received`,
    `${first}: dispatcher <- forward-request`,
    `${second}: dispatcher <- forward-request`,
    `${second}: sip-transaction <- serve-request`,
    `${second}: service <- request-received`,
    `${second}: sip-transaction <- respond`,
    `${second}: sip-transport <- send-message`,
    `${edge}: sip-transport <- send-message`,
    `${edge}: udp <- send-datagram`,
  ]);
  expect(others).toEqual([]);
  expect(sent).toMatchObject({ to: '192.0.2.4:40000', lane: edge });
  expect(sent?.text).toMatch(/^SIP\/2\.0 200 OK\r\nVia: .*;rport=40000;received=192\.0\.2\.4\r\n/);
});

test('A lane with a backlog hands datagrams to its siblings, and the client hears the same', () => {
  const host = new TestHost({ lanesCount: 2, handOverBacklogMin: 2 });
  host.trace.length = 0;
  for (let i = 0; i < 4; i++) {
    host.receive(requestText({ method: 'OPTIONS', branch: `z9hG4bK${i}` }), '192.0.2.4:5060', 0, 4 - i);
  }
  host.settle();
  expect(host.trace.filter((line) => line.includes('hand-over-datagram') || line.includes('message-received'))).toEqual(
    [
      '0: dispatcher <- message-received',
      '0: dispatcher <- message-received',
      '1: sip-transport <- hand-over-datagram',
      '1: sip-transport <- hand-over-datagram',
      '1: dispatcher <- message-received',
      '1: dispatcher <- message-received',
    ],
  );
  expect(host.datagrams.map(({ lane, text }) => `${lane} ${text.slice(0, 14)}`)).toEqual([
    '0 SIP/2.0 200 OK',
    '0 SIP/2.0 200 OK',
    '1 SIP/2.0 200 OK',
    '1 SIP/2.0 200 OK',
  ]);
});
