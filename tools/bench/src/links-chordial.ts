// Two Chordial hosts of one lane each, with different keys as in a ring: the caller is host 1, the server host 2.
import { makeAddress, type Typed } from '@chordial/actor';
import { createIdentity, type Host, type HostIdentity, startHost } from '@chordial/runtime';
import { benchAt, type LinkBenchMessage } from './links-program.ts';
import { type LinkWay, largeBytes, largeWindow } from './links-way.ts';

const program = new URL('./links-program.ts', import.meta.url).href;

function startEnd(number: number, identity: HostIdentity): Promise<Host> {
  const listen = { address: '127.0.0.1', port: 0 };
  return startHost({
    program,
    config: {},
    lanesCount: 1,
    host: number,
    ring: { ringName: 'bench', token: 'a token for a benchmark', identity, listen },
    onEvent: ({ kind, sentence }) => kind !== 'lane-up' && console.error(sentence),
  });
}

export const chordialWay: LinkWay = {
  name: 'Chordial',
  async serve(identity) {
    const host = await startEnd(2, identity);
    return { port: host.ringEndpoint!.port };
  },
  async call(port, { fingerprint }) {
    const host = await startEnd(1, await createIdentity());
    const ask = (message: LinkBenchMessage, seconds: number) =>
      host.ask(0, makeAddress<Typed>(1, 0, benchAt), message, seconds * 1_000 + 10_000);
    await ask({ type: 'open', host: 2, port, fingerprint }, 1);
    const play = async (what: 'ball' | 'block', outstanding: number, seconds: number): Promise<number> => {
      const answer = await ask({ type: 'play', host: 2, what, outstanding, seconds }, seconds);
      return (answer as unknown as { perSecond: number }).perSecond;
    };
    return {
      roundTrips: (outstanding, seconds) => play('ball', outstanding, seconds),
      bytes: async (seconds) => (await play('block', largeWindow, seconds)) * largeBytes,
      close: () => host.stop(),
    };
  },
};
