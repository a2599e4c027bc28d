// Ballots: texts whose order is that of their counters, then of who made them. Nobody makes one twice: a coordinator counts upwards, starts above
// the clock, and has drawn the number of its life.
//
//   01hq3k8z9ab.0001s.1x2y3z4      counter (base 36) . site . life
import { nextUint32, type Random } from '@chordial/actor/random';

const counterDigits = 11;
const siteDigits = 5;
const lifeDigits = 7;
const countersMax = 2 ** 53 - 1;
const shape = /^[0-9a-z]{11}\.[0-9a-z]{5}\.[0-9a-z]{7}$/;

export const isBallot = (text: unknown): text is string => typeof text === 'string' && shape.test(text);

export const drawLife = (random: Random): string => nextUint32(random).toString(36).padStart(lifeDigits, '0');

export const makeBallot = (counter: number, site: number, life: string): string =>
  `${counter.toString(36).padStart(counterDigits, '0')}.${site.toString(36).padStart(siteDigits, '0')}.${life}`;

/** 0 for no ballot, and for one that no counter could pass. */
export function counterOfBallot(ballot: string): number {
  const counter = isBallot(ballot) ? Number.parseInt(ballot.slice(0, counterDigits), 36) : 0;
  return counter < countersMax ? counter : 0;
}
