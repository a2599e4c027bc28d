// The public face of the actor contract. Types of messages to and from ports are in `@chordial/actor/protocol`; seeded
// randomness is in `@chordial/actor/random`, what a shell needs beside this in `@chordial/actor/shell`.
export { type Address, makeAddress, nobody } from './address.ts';
export { assert } from './assert.ts';
export type { Behaviour, Birth, LaneProgram, LaneSetup, Mailbox, Outbox, Received, TimerId } from './contract.ts';
export type { Typed, Words } from './words.ts';
