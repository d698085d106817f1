import { type Codec, type DecodedFields, type FieldCodecs, struct } from './codec.ts'

/** The payload of one command; what it reads carries the command's name beside its fields. */
export interface MessageCodec<C extends string, T extends { command: C }> extends Codec<T> {
  readonly command: C
}

/** A message: `{ command, ...fields }`, fields on the wire in the order of declaration. */
export function message<const C extends string, F extends FieldCodecs>(
  command: C,
  fields: F,
): MessageCodec<C, DecodedFields<{ command: Codec<C> } & F>> {
  // The command takes no bytes here: it stands in the frame's header.
  const name: Codec<C> = { read: () => command, write: () => {} }
  return { command, ...struct({ command: name, ...fields }) }
}
