import type { JsonBody } from '../../base/json.ts'
import type { Capability } from '../../reporting/target.ts'
import type { RequestFormat } from '../protocol.ts'
import { requestedTier } from '../shared/tier-header.ts'
import { fieldOf, listAt, mediaTypeIn, partsIn, recordAt } from './fields.ts'
import { partsOf } from './gemini-url.ts'

/** How Gemini requests are read: the model is in the path, and the action says whether the answer is a stream. */
export const GEMINI_REQUEST: RequestFormat = {
  modelOf: (url) => partsOf(url)?.model || undefined,
  isStreaming: (url) => partsOf(url)?.action === 'streamGenerateContent',
  needsOf,
  serviceTierOf: (body, headers) => requestedTier(tierIn(body), headers),
  sessionOf: () => undefined,
  mayBeBilled: () => true,
}

function tierIn(body: JsonBody): string | undefined {
  const tier = fieldOf(body, 'serviceTier')
  return typeof tier === 'string' && !/unspecified$/i.test(tier) ? tier.toLowerCase() : undefined
}

function needsOf(body: JsonBody): readonly Capability[] {
  const needs: Capability[] = []
  const config = recordAt(body, 'generationConfig')
  const media = [...partsIn(body)].map(mediaTypeIn)
  if (listAt(body, 'tools').length > 0) needs.push('tools')
  if (media.some((type) => /^(?:image|video)\//.test(type))) needs.push('vision')
  if (media.some((type) => type.startsWith('audio/')) || wantsAudio(config)) needs.push('audio')
  if (wantsJson(config)) needs.push('json')
  return needs
}

function wantsAudio(config: JsonBody): boolean {
  const modalities = fieldOf(config, 'responseModalities')
  return Array.isArray(modalities) && modalities.some((each) => String(each).toUpperCase() === 'AUDIO')
}

function wantsJson(config: JsonBody): boolean {
  if (fieldOf(config, 'responseSchema') != null || fieldOf(config, 'responseJsonSchema') != null) return true
  return fieldOf(config, 'responseMimeType') === 'application/json'
}

/**
 * Whether a request refers to something that its provider has stored: a continuation token, cached content, or an uploaded file. No other
 * provider can serve such a request.
 */
export function isStateful(body: JsonBody): boolean {
  if (fieldOf(body, 'continuationToken') != null || fieldOf(body, 'cachedContent') != null) return true
  for (const part of partsIn(body)) if (isStored(fieldOf(recordAt(part, 'fileData'), 'fileUri'))) return true
  return listAt(body, 'requests').some(isStateful)
}

/**
 * Whether the URI of a file refers to a file that is stored at Google. Any provider can read other web addresses, such as that of a YouTube
 * video.
 */
function isStored(uri: unknown): boolean {
  return uri != null && !(typeof uri === 'string' && PUBLIC.test(uri))
}

const PUBLIC = /^https?:\/\/(?![^/]*googleapis\.com(?:[:/]|$))/i
