/**
 * The tokens assumed for an image. Most models of OpenAI and Anthropic count fewer. OpenAI's smallest models multiply the tokens of images,
 * and Anthropic's newest ones count more for large images.
 */
export const IMAGE_TOKENS = 2_500
/** The tokens assumed for a file, sound or video that a request refers to by its id or URL, so that its size is not known. */
export const REFERENCE_TOKENS = 20_000
/**
 * The tokens that a request may have if it refers to a video or sound of unknown length: those of the largest usual context window. Gemini
 * counts 263 to 300 tokens for a second of video, so this is about an hour: https://ai.google.dev/gemini-api/docs/video-understanding
 */
export const MAX_REFERENCE_TOKENS = 1_048_576
/** Bytes per token of sound. OpenAI counts 10 tokens a second and Google 32; a second has at least 1.6 kB. */
const BYTES_PER_SOUND_TOKEN = 50
/** Bytes per token of video. Google counts up to 300 tokens a second, and a second has at least 4 kB, sound included. */
const BYTES_PER_VIDEO_TOKEN = 13
/**
 * Bytes per token of a document. The value allows for dense pages, and for models that read each page as an image in addition to its text.
 */
const BYTES_PER_DOCUMENT_TOKEN = 4
/** Bytes per token of a text file. */
const BYTES_PER_TEXT_TOKEN = 2

/**
 * Estimates the maximum number of tokens of an image, sound, video or file from its kind and size, without decoding it.
 * @param hint words that describe the kind: a media type, the type of a content part, the name of a field
 * @param bytes the size; undefined when the request only refers to the data
 */
function mediaTokens(hint: string, bytes: number | undefined): number {
  if (/image|picture|photo|vision/i.test(hint)) return IMAGE_TOKENS
  if (bytes === undefined) return REFERENCE_TOKENS
  if (/video/i.test(hint)) return Math.ceil(bytes / BYTES_PER_VIDEO_TOKEN)
  if (/audio|sound|voice|wav|mp3/i.test(hint)) return Math.ceil(bytes / BYTES_PER_SOUND_TOKEN)
  if (/text\/|json|xml|csv/i.test(hint)) return Math.ceil(bytes / BYTES_PER_TEXT_TOKEN)
  return Math.max(IMAGE_TOKENS, Math.ceil(bytes / BYTES_PER_DOCUMENT_TOKEN))
}

/** The names of the fields that may contain media. A text in any other field is counted as text, even if it looks like base64. */
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
/** The minimum length of base64 data, in characters. Shorter texts of letters and digits may be words. */
const MIN_MEDIUM_LENGTH = 256

/**
 * Estimates the tokens of a text that is an image, sound, video or file (as a data URL or base64), or refers to one (as a URL or an id).
 * @param field the name of the field that holds the text
 * @param owner the object that holds the field; its type and format say what the text is
 * @param outerField the name of the field that holds the owner, such as `image_url` in `image_url: { url }`
 * @returns undefined for an ordinary text
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

/** Returns the number of bytes that base64 of this length encodes: three for each four characters. */
function bytesOf(characters: number): number {
  return Math.ceil((characters * 3) / 4)
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text.slice(0, 4_096).replace(/\s+/g, ''))
}
