import { assertJsonRoundTrip } from './json-value.ts'

/** Encodes values that are neither strings nor bytes for storage, and decodes them again. */
export interface Codec<Value> {
  /** Encodes a value as text or bytes. If it throws, the value is not cached, and the call still returns it. */
  encode(value: Value): string | Uint8Array
  /** Decodes a value. Must return a new object every time, so that no caller can change the object of another. */
  decode(encoded: string | Uint8Array): Value
}

/**
 * Encodes values as JSON. Throws for a value that JSON would change. Otherwise the caller that loads the value would see another value than
 * the callers that get a decoded copy.
 */
export const jsonCodec: Codec<unknown> = {
  encode(value) {
    assertJsonRoundTrip(value)
    return JSON.stringify(value)
  },
  decode: (encoded) =>
    JSON.parse(typeof encoded === 'string' ? encoded : new TextDecoder().decode(encoded)) as unknown,
}

/** A value in its stored form. Strings and bytes are stored as they are. Other values are encoded once, and decoded at every hit. */
export interface Content {
  readonly payload: string | Uint8Array
  readonly encoded: boolean
}

/** Converts a value into its stored form. @throws the error of the codec */
export function contentOf<Value>(value: Value, codec: Codec<Value>): Content {
  if (typeof value === 'string') return { payload: value, encoded: false }
  if (value instanceof Uint8Array) return { payload: ownBytes(value), encoded: false }
  const payload: unknown = codec.encode(value)
  if (typeof payload === 'string') return { payload, encoded: true }
  if (payload instanceof Uint8Array) return { payload: ownBytes(payload), encoded: true }
  throw new TypeError('encode of the codec must return a string or a Uint8Array')
}

/** Converts the stored form back into the value. @throws the error of the codec */
export function valueOf<Value>({ payload, encoded }: Content, codec: Codec<Value>): Value {
  return encoded ? codec.decode(payload) : (payload as Value)
}

/**
 * Copies the bytes if they are a view on a larger buffer, as a small Buffer is. A stored view would retain the whole buffer, which is more
 * memory than `maxBytes` counts.
 */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.constructor === Uint8Array
  return whole ? bytes : new Uint8Array(bytes)
}
