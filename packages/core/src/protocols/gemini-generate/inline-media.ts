import { IMAGE_TOKENS } from '../shared/media-tokens.ts'

/** Gemini counts 258 tokens for each tile of 768 by 768 pixels: https://ai.google.dev/gemini-api/docs/tokens. */
const TILE_TOKENS = 258
/** The bytes of a tile in a strongly compressed image. */
const TILE_BYTES = 64 * 1024
/** No image has more tiles: 48 of them are 28 megapixels. */
const MAX_TILES = 48
/** Gemini counts 32 tokens for a second of sound, which has at least 1.6 kB. */
const BYTES_PER_SOUND_TOKEN = 50
/** Gemini counts 263 tokens for a second of video, which has at least 4 kB, sound included. */
const BYTES_PER_VIDEO_TOKEN = 16
/** Gemini counts 258 tokens for a page of a document, and the text in it. A page has at least 1 kB. */
const BYTES_PER_DOCUMENT_TOKEN = 4
const BYTES_PER_TEXT_TOKEN = 2

/**
 * Estimates the maximum number of tokens of data that a request contains, from its type and size, without decoding it.
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
