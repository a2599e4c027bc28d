// What the options of a ring of several hosts ask of each other: a host that is called needs a token, a host that joins must be
// called. Each fault says what was read, what was expected, and what to do.
import { endpointText, isAnyAddress, isLoopback } from './endpoint.ts';
import type { OptionName, Options } from './options.ts';
import { readToken, Secret, tokenLengthMin } from './token.ts';

/** A ring of several hosts begins with r + 1 peers (Zave, TSE 2017). */
const foundersMin = 17;

type Where = Readonly<Partial<Record<OptionName, string>>>;

/** The token, read from its file where that was given, and one sentence per fault. */
export function ringFaults(options: Options, where: Where): { token: Secret | undefined; faults: string[] } {
  const { listenRing, join, advertise } = options;
  const faults: string[] = [];
  const found = tokenOf(options, where);
  const token = found instanceof Secret ? found : undefined;
  if (typeof found === 'string') faults.push(found);
  if (listenRing === undefined) {
    if (join.length > 0) {
      faults.push(
        `${where.join}: read ${join.map(endpointText).join(',')}, expected --listen-ring ADDR:PORT beside it, as the hosts of the ring call this one too`,
      );
    }
    if (advertise !== undefined) {
      faults.push(
        `${where.advertise}: read ${endpointText(advertise)}, expected --listen-ring ADDR:PORT beside it; without it no other host is told of this one`,
      );
    }
    return { token, faults };
  }
  if (join.length === 0 && options.peers < foundersMin) {
    faults.push(
      `${where.peers}: read ${options.peers}, expected at least ${foundersMin} for the host that founds a ring, as each peer knows the next ${foundersMin - 1}; hosts that join may have fewer`,
    );
  }
  if (options.storage !== undefined && options.data === undefined) {
    faults.push(
      `${where.storage}: read an address and no --data, expected --data DIR beside it, as it keeps the number under which the records of this host are in the database`,
    );
  }
  const called = advertise ?? listenRing;
  if (isAnyAddress(called.address)) {
    faults.push(
      `${where.listenRing}: read ${endpointText(listenRing)}, expected --advertise ADDR:PORT beside it, with an address of this machine that other hosts can call`,
    );
  }
  if (found === undefined) faults.push(missingSentence(options, where));
  else if (token !== undefined && token.length < tokenLengthMin && !isLoopback(listenRing.address)) {
    faults.push(
      `${options.tokenFile === undefined ? where.token : where.tokenFile}: read a token of ${token.length} characters, expected at least ${tokenLengthMin} where ${endpointText(listenRing)} can be reached from other machines; draw one with \`chordial token\``,
    );
  }
  return { token, faults };
}

function missingSentence({ join, listenRing }: Options, where: Where): string {
  const draw = 'Draw one with `chordial token > FILE` and give the same file to every host: --token-file FILE';
  if (join.length === 0)
    return `${where.listenRing}: read ${endpointText(listenRing!)} and no token, expected one, as whoever has it may join. ${draw}`;
  return `${where.join}: read ${join.map(endpointText).join(',')} and no token, expected the one of that ring: --token-file FILE, or CHORDIAL_TOKEN`;
}

function tokenOf({ token, tokenFile }: Options, where: Where): Secret | string | undefined {
  if (tokenFile === undefined) return token;
  if (token !== undefined) {
    return `${where.tokenFile}: read ${JSON.stringify(tokenFile)} while ${where.token} gives a token too, expected one of the two`;
  }
  const read = readToken(tokenFile);
  return typeof read === 'string' ? `${where.tokenFile}: read ${JSON.stringify(tokenFile)}, expected ${read}` : read;
}
