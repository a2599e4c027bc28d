// The public face of the actor contract. Types of messages to and from ports are in `@chordial/actor/protocol`; what a
// shell needs beside this is in `@chordial/actor/shell`.
export { type Address, hostOf, laneOf, makeAddress, nobody } from './address.ts';
export { assert } from './assert.ts';
export type { Behaviour, Birth, LaneProgram, LaneSetup, Mailbox, Outbox, Received, TimerId } from './contract.ts';
export { createRandom, nextBelow, nextFloat, type Random } from './random.ts';
export type { Typed, Words } from './words.ts';
