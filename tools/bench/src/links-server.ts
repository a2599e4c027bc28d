// The other process of bench:links: serves one way with the identity that stands in its environment, and prints the port as one line of JSON.
import type { HostIdentity } from '@chordial/runtime';
import { chordialWay } from './links-chordial.ts';
import { grpcStreamWay, grpcUnaryWay } from './links-grpc.ts';
import { tlsWay } from './links-tls.ts';

const ways = [chordialWay, tlsWay, grpcStreamWay, grpcUnaryWay];
const way = ways.find(({ name }) => name === process.argv[2]);
const identity = JSON.parse(process.env.LINKS_IDENTITY ?? '{}') as HostIdentity;
if (way === undefined) throw new Error(`expected one of ${ways.map(({ name }) => name).join(', ')}`);
console.log(JSON.stringify(await way.serve(identity)));
