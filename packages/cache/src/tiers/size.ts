/** What an entry costs beside its content: the object, its life, its place in the map. Measured, and rounded up. */
const ENTRY_BYTES = 256
const TAG_BYTES = 64

const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/ // eslint-disable-line no-control-regex

/** The bytes of a string as V8 keeps it: one a character, or two as soon as one of them is beyond Latin-1. */
function textBytes(text: string): number {
  return BEYOND_LATIN_1.test(text) ? 2 * text.length : text.length
}

/** What an entry counts against `maxBytes`. */
export function entryBytes(
  name: string,
  content: string | Uint8Array,
  head: string | undefined,
  tags: readonly string[],
): number {
  let bytes = ENTRY_BYTES + textBytes(name)
  bytes += typeof content === 'string' ? textBytes(content) : content.byteLength
  if (head !== undefined) bytes += textBytes(head)
  for (const tag of tags) bytes += TAG_BYTES + textBytes(tag)
  return bytes
}
