// An assertion that fails says in words what was expected.
import { expect, test } from 'vitest';
import { AssertionFailed, assert } from './assert.ts';

test('a condition that holds passes', () => {
  expect(() => assert(true, 'never said')).not.toThrow();
});

test('a condition that does not hold throws its sentence', () => {
  expect(() => assert(false, 'water is wet')).toThrow(new AssertionFailed('water is wet'));
});
