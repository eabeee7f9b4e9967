/** An image: more than any OpenAI or Anthropic model takes for one, but for the smallest of OpenAI's, which count images many times. */
export const IMAGE_TOKENS = 2_500
/** A file, a sound or a video that a request only names, by its id or its address. */
export const REFERENCE_TOKENS = 20_000
/** Sound and video: 10 tokens a second at OpenAI, 32 at Google, of at least 1.6 kB. */
const BYTES_PER_SOUND_TOKEN = 50
/** A document: dense pages, with the picture of each page that models get in addition to its text. */
const BYTES_PER_DOCUMENT_TOKEN = 4
/** A text. */
const BYTES_PER_TEXT_TOKEN = 2

/**
 * How many tokens a medium has at most, judging from the outside.
 * @param hint the words that describe it: a media type, the type of its part, the name of its field
 * @param bytes its size; undefined when the request only names it
 */
function mediaTokens(hint: string, bytes: number | undefined): number {
  if (/image|picture|photo|vision/i.test(hint)) return IMAGE_TOKENS
  if (bytes === undefined) return REFERENCE_TOKENS
  if (/audio|video|sound|voice|wav|mp3/i.test(hint)) return Math.ceil(bytes / BYTES_PER_SOUND_TOKEN)
  if (/text\/|json|xml|csv/i.test(hint)) return Math.ceil(bytes / BYTES_PER_TEXT_TOKEN)
  return Math.max(IMAGE_TOKENS, Math.ceil(bytes / BYTES_PER_DOCUMENT_TOKEN))
}

/** The fields in which media stand. In any other a text is a text, whatever it looks like. */
const MEDIA_FIELDS = new Set([
  'audio',
  'b64_json',
  'bytes',
  'data',
  'file',
  'fileUri',
  'file_data',
  'file_id',
  'file_uri',
  'file_url',
  'image',
  'image_url',
  'images',
  'result',
  'uri',
  'url',
  'video',
  'video_url',
])
/** A shorter text of letters and digits may be a word. */
const MIN_MEDIUM_LENGTH = 256

/**
 * Whether a text is a medium, or the name of one.
 * @param outerField the field in which the owner stands: `image_url: { url }` says there what it is
 * @returns its tokens, or undefined for a text
 */
export function mediumIn(
  text: string,
  field: string,
  owner: Readonly<Record<string, unknown>>,
  outerField: string,
): number | undefined {
  if (!MEDIA_FIELDS.has(field)) return undefined
  const { type, format, media_type, mime_type, mimeType } = owner
  const hint = [outerField, field, type, format, media_type, mime_type, mimeType]
    .filter((each) => typeof each === 'string')
    .join(' ')
  if (text.startsWith('data:')) {
    const comma = text.indexOf(',')
    return mediaTokens(text.slice(5, comma === -1 ? 0 : comma), bytesOf(text.length - comma))
  }
  if (field === 'file_id' || /^(?:https?|gs|s3|file):\/\//.test(text)) return mediaTokens(hint, undefined)
  return text.length >= MIN_MEDIUM_LENGTH && isBase64(text)
    ? mediaTokens(hint, bytesOf(text.length))
    : undefined
}

/** Base64 holds three bytes in four characters. */
function bytesOf(characters: number): number {
  return Math.ceil((characters * 3) / 4)
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text.slice(0, 4_096).replace(/\s+/g, ''))
}
