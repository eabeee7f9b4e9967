import { IMAGE_TOKENS } from '../shared/media-tokens.ts'

/** The tokens of one image tile of 768 by 768 pixels: https://ai.google.dev/gemini-api/docs/tokens. */
const TILE_TOKENS = 258
/** The bytes of one tile, assumed to be strongly compressed. */
const TILE_BYTES = 64 * 1024
/** The maximum number of tiles assumed for an image. 48 tiles are 28 megapixels. */
const MAX_TILES = 48
/** Bytes per token of sound. Gemini counts 32 tokens for a second of sound, and a second has at least 1.6 kB. */
const BYTES_PER_SOUND_TOKEN = 50
/** Bytes per token of video. Gemini counts up to 300 tokens for a second of video, and a second has at least 4 kB, sound included. */
const BYTES_PER_VIDEO_TOKEN = 13
/** Bytes per token of a document. Gemini counts 258 tokens for a page plus its text, and a page has at least 1 kB. */
const BYTES_PER_DOCUMENT_TOKEN = 4
const BYTES_PER_TEXT_TOKEN = 2

/**
 * Estimates the maximum number of tokens of data inside a request, from its type and size, without decoding it.
 * @param mediaType in lower case; unknown types count as documents
 * @param data the data in base64
 */
export function inlineMediaTokens(mediaType: string, data: string): number {
  const bytes = Math.ceil((data.length * 3) / 4)
  if (mediaType.startsWith('image/')) {
    const tiles = Math.min(Math.ceil(bytes / TILE_BYTES), MAX_TILES)
    return Math.max(IMAGE_TOKENS, tiles * TILE_TOKENS)
  }
  if (mediaType.startsWith('audio/')) return Math.ceil(bytes / BYTES_PER_SOUND_TOKEN)
  if (mediaType.startsWith('video/')) return Math.ceil(bytes / BYTES_PER_VIDEO_TOKEN)
  if (/^text\/|json|xml|csv/.test(mediaType)) return Math.ceil(bytes / BYTES_PER_TEXT_TOKEN)
  return Math.max(TILE_TOKENS, Math.ceil(bytes / BYTES_PER_DOCUMENT_TOKEN))
}
