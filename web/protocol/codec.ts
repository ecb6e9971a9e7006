// The one packer and unpacker over field tables: as strict as proto/field.c. On the wire a message is
// a msgpack map with exactly the fields of its table, in order, each once, in the shortest form.

import { Decoder, encode as pack } from '@msgpack/msgpack';

import { Tampered, equal, fromBase64url, fromHex, toHex, utf8 } from '../envelope/bytes';
import { isLine, isText } from '../envelope/text';
import type { Field, Fields } from './fields';
import { LIMITS } from './protocol';

const ID_BYTES = 16;
const NO_ID = new Uint8Array(ID_BYTES);

/** A value that its table does not allow, found before anything is sent. */
export class BadValue extends Error {
  override name = 'BadValue';
  constructor(readonly field: string) {
    super(`${field} is not a value that the protocol allows`);
  }
}

type Refuse = (field: string) => Error;
const refuseOurs: Refuse = (field) => new BadValue(field);
const refuseTheirs: Refuse = (field) => new Tampered(`${field} is not what the protocol says`);

// --- one field, in either direction ---

function checkNumber(field: Field, value: unknown, refuse: Refuse): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < field.min || value > field.max)
    throw refuse(field.name);
  return value;
}

function checkText(field: Field, value: unknown, refuse: Refuse): string {
  if (typeof value !== 'string' || !(field.kind === 'line' ? isLine(value) : isText(value))) throw refuse(field.name);
  const size = utf8(value).length;
  if (size < field.min || size > field.max) throw refuse(field.name);
  return value;
}

function checkBytes(field: Field, value: unknown, refuse: Refuse): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length < field.min || value.length > field.max) throw refuse(field.name);
  return value;
}

function checkList(field: Field, value: unknown, refuse: Refuse): unknown[] {
  if (!Array.isArray(value) || value.length < field.min || value.length > field.max) throw refuse(field.name);
  return value;
}

function checkBool(field: Field, value: unknown, refuse: Refuse): boolean {
  if (typeof value !== 'boolean') throw refuse(field.name);
  return value;
}

/** How an id and bytes stand in the form at hand; everything else is alike. */
interface Form {
  readonly refuse: Refuse;
  id(field: Field, value: unknown): unknown;
  bytes(field: Field, value: unknown): unknown;
}

function convertField(field: Field, value: unknown, form: Form): unknown {
  switch (field.kind) {
    case 'u64':
      return checkNumber(field, value, form.refuse);
    case 'bool':
      return checkBool(field, value, form.refuse);
    case 'text':
    case 'line':
      return checkText(field, value, form.refuse);
    case 'bytes':
      return form.bytes(field, value);
    case 'id':
      return form.id(field, value);
    case 'list':
      return checkList(field, value, form.refuse).map((item) => convert(field.item!, item, form));
    case 'map':
      return convert(field.item!, value, form);
  }
}

/** Exactly the fields of the table; the result has them in the table's order. */
function convert(fields: Fields<unknown>, value: unknown, form: Form): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || Array.isArray(value))
    throw form.refuse(fields.name);
  if (Object.keys(value).length !== fields.at.length) throw form.refuse(fields.name);
  const out: Record<string, unknown> = {};
  for (const field of fields.at) {
    if (!Object.prototype.hasOwnProperty.call(value, field.name)) throw form.refuse(`${fields.name}.${field.name}`);
    out[field.name] = convertField(field, (value as Record<string, unknown>)[field.name], form);
  }
  return out;
}

// --- ids: 32 digits here, 16 bytes on the wire ---

function idToWire(field: Field, value: unknown): Uint8Array {
  if (value === '' && field.min === 0) return NO_ID;
  if (typeof value !== 'string' || !/^[0-9a-f]{32}$/.test(value) || /^0+$/.test(value)) throw new BadValue(field.name);
  return fromHex(value);
}

function idFromWire(field: Field, value: unknown): string {
  if (!(value instanceof Uint8Array) || value.length !== ID_BYTES) throw refuseTheirs(field.name);
  const isNone = equal(value, NO_ID);
  if (isNone && field.min > 0) throw refuseTheirs(field.name);
  return isNone ? '' : toHex(value);
}

function idFromJson(field: Field, value: unknown): string {
  if (value === null && field.min === 0) return '';
  if (typeof value !== 'string' || !/^[0-9a-f]{32}$/.test(value)) throw refuseTheirs(field.name);
  return value;
}

const toWire: Form = {
  refuse: refuseOurs,
  id: idToWire,
  bytes: (field, value) => checkBytes(field, value, refuseOurs),
};
const fromWire: Form = {
  refuse: refuseTheirs,
  id: idFromWire,
  bytes: (field, value) => checkBytes(field, value, refuseTheirs).slice(),
};
const fromJson: Form = {
  refuse: refuseTheirs,
  id: idFromJson,
  bytes(field, value) {
    if (typeof value !== 'string') throw refuseTheirs(field.name);
    return checkBytes(field, fromBase64url(value), refuseTheirs);
  },
};

// --- whole messages ---

/** Throws BadValue for what the other side would refuse. */
export function encode<T>(fields: Fields<T>, message: T): Uint8Array {
  return pack(convert(fields, message, toWire), { ignoreUndefined: false });
}

function unpack(bytes: Uint8Array): unknown {
  const most = LIMITS.FIELD_ELEMENTS_MAX;
  const decoder = new Decoder({
    maxStrLength: bytes.length,
    maxBinLength: bytes.length,
    maxArrayLength: Math.min(most, bytes.length),
    maxMapLength: Math.min(most, bytes.length),
    maxExtLength: 0,
  });
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Tampered('not msgpack');
  }
}

/**
 * Throws Tampered for anything but exactly this message. What was read is written again and compared:
 * so another order, longer forms, repeated fields, bad UTF-8 and trailing bytes are refused without a
 * rule each.
 */
export function decode<T>(fields: Fields<T>, bytes: Uint8Array): T {
  const message = convert(fields, unpack(bytes), fromWire) as T;
  if (!equal(encode(fields, message), bytes)) throw refuseTheirs(fields.name);
  return message;
}

/** The same table as an object of the gateway's JSON: bytes in base64url, ids as digits or null. */
export function decodeJson<T>(fields: Fields<T>, value: unknown): T {
  return convert(fields, value, fromJson) as T;
}
