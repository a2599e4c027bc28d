// Values on the command line, checked with a sentence that says what is expected.
import { InvalidArgumentError } from 'commander';

export const wholeNumber = (from: number, to: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= from && value <= to) return value;
  throw new InvalidArgumentError(`Expected a whole number from ${from} to ${to}.`);
};

export const secondsOf = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 3_600) return value;
  throw new InvalidArgumentError('Expected seconds, more than 0 and at most 3600.');
};
