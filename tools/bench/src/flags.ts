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

/** Numbers of peers, separated by commas. */
export const sizesOf = (from: number, to: number) => (text: string) => {
  const sizes = text.split(',').map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size >= from && size <= to)) return sizes;
  throw new InvalidArgumentError(`Expected whole numbers from ${from} to ${to}, separated by commas.`);
};
