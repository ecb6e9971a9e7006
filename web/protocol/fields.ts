// What a message is on the wire: a table of fields (proto/field.h), printed for us in protocol.ts.

export type Kind = 'u64' | 'bool' | 'text' | 'line' | 'bytes' | 'id' | 'list' | 'map';

export interface Field {
  readonly name: string;
  readonly kind: Kind;
  /** Of a number: its value; of text and bytes: their length in bytes; of a list: its items. */
  readonly min: number;
  readonly max: number;
  readonly item?: Fields<unknown>;
}

export interface Fields<T> {
  readonly name: string;
  readonly at: readonly Field[];
  /** Never there: it ties the table to its type. */
  readonly type?: T;
}
