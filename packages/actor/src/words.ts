// Words: how the messages of one actor are written when they leave their thread. Each message type has an opcode
// and a fixed order of fields; a new field is appended, an opcode is never reused, so two versions understand each
// other. The table is data: the shell that owns the wire does the encoding.

export interface Typed {
  readonly type: string;
}

/** `[opcode, ...fields in wire order]` for every message type of `M`. Opcodes are 1..255. */
export type Words<M extends Typed> = {
  readonly [T in M['type']]: readonly [
    opcode: number,
    ...fields: readonly Exclude<keyof Extract<M, { type: T }> & string, 'type'>[],
  ];
};
