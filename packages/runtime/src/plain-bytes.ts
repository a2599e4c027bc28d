// Cores get bytes as plain Uint8Arrays and never as Buffers, whose `slice` is a view where that of an array is a copy: a core that
// keeps a copy for later would keep memory that the next turn overwrites.

/** The same memory without Buffer's methods. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
