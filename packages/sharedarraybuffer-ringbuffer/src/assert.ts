// A contract broken by the caller's own code, never by data from the world: that is answered with a value.

export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(`sharedarraybuffer-ringbuffer: ${sentence}`);
}
