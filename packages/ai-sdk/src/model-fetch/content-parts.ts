import type { JSONObject, LanguageModelV4FilePart, LanguageModelV4TextPart } from '@ai-sdk/provider'
import { onlyKnown, recordIn, textIn } from './fields.ts'
import { cleanName, isRecord } from '../json.ts'
import { invalid, unsupported } from './request-error.ts'
import type { TargetModel } from './target-model.ts'

type ContentPart = LanguageModelV4TextPart | LanguageModelV4FilePart

const PART_FIELDS: ReadonlySet<string> = new Set(['type', 'text', 'image_url', 'input_audio', 'file'])

/**
 * Converts the content of a user message.
 * @throws RequestError when a part cannot be expressed for the model
 */
export function userContent(content: unknown, target: TargetModel): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw invalid('content of a user message must be a text or a list of parts.')
  const parts = content.map((part) => userPart(part, target))
  // Providers refuse empty texts, which OpenAI accepts.
  return parts.some(isSaid) ? parts.filter(isSaid) : parts
}

function isSaid(part: ContentPart): boolean {
  return part.type !== 'text' || part.text !== ''
}

function userPart(part: unknown, target: TargetModel): ContentPart {
  if (!isRecord(part)) throw invalid('A part of a message must be an object.')
  onlyKnown(part, PART_FIELDS, 'a part of a message')
  switch (part['type']) {
    case 'text':
      return { type: 'text', text: textIn(part, 'text', 'a part of a message') }
    case 'image_url':
      return imagePart(recordIn(part, 'image_url', 'a part of a message'), target)
    case 'input_audio':
      return audioPart(recordIn(part, 'input_audio', 'a part of a message'))
    case 'file':
      return filePart(recordIn(part, 'file', 'a part of a message'))
    default:
      throw unsupported(`a part of the type ${cleanName(part['type'])} in messages`)
  }
}

/**
 * Returns the text of a content that may be a text or a list of text parts, whose texts are joined by line breaks.
 * @param refusals whether parts of the type `refusal` are allowed
 */
export function textContent(content: unknown, role: string, refusals = false): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content))
    throw invalid(`content of a ${role} message must be a text or a list of parts.`)
  const texts = content.map((part: unknown) => {
    if (!isRecord(part)) throw invalid('A part of a message must be an object.')
    const isRefusal = refusals && part['type'] === 'refusal'
    if (part['type'] !== 'text' && !isRefusal)
      throw unsupported(`a part of the type ${cleanName(part['type'])} in a ${role} message`)
    const field = isRefusal ? 'refusal' : 'text'
    onlyKnown(part, new Set(['type', field]), `a part of a ${role} message`)
    return textIn(part, field, `a part of a ${role} message`)
  })
  return texts.join('\n')
}

const IMAGE_FIELDS: ReadonlySet<string> = new Set(['url', 'detail'])
const ANY_IMAGE = 'image/*'

function imagePart(image: JSONObject, target: TargetModel): LanguageModelV4FilePart {
  onlyKnown(image, IMAGE_FIELDS, 'image_url')
  const address = textIn(image, 'url', 'image_url')
  const detail = image['detail'] == null ? 'auto' : textIn(image, 'detail', 'image_url')
  const options = detail === 'auto' ? {} : target.imageDetail(detail)
  if (isDataUrl(address)) return { type: 'file', ...inDataUrl(address, 'image_url'), ...options }
  const url = URL.parse(address)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw invalid('url in image_url must be a URL with http, https or data.')
  if (!target.acceptsUrl(ANY_IMAGE, url)) throw unsupported('an image by its URL (send it as a data: URL)')
  return { type: 'file', mediaType: ANY_IMAGE, data: { type: 'url', url }, ...options }
}

const AUDIO_TYPES: ReadonlyMap<unknown, string> = new Map([
  ['wav', 'audio/wav'],
  ['mp3', 'audio/mpeg'],
])

function audioPart(audio: JSONObject): LanguageModelV4FilePart {
  onlyKnown(audio, new Set(['data', 'format']), 'input_audio')
  const mediaType = AUDIO_TYPES.get(audio['format'])
  if (mediaType === undefined) throw unsupported(`the format ${cleanName(audio['format'])} of input_audio`)
  return { type: 'file', mediaType, data: { type: 'data', data: textIn(audio, 'data', 'input_audio') } }
}

function filePart(file: JSONObject): LanguageModelV4FilePart {
  if (file['file_id'] != null) throw unsupported('file_id, which refers to a file at OpenAI')
  onlyKnown(file, new Set(['file_data', 'filename']), 'a file')
  const text = textIn(file, 'file_data', 'a file')
  const filename = file['filename'] == null ? undefined : textIn(file, 'filename', 'a file')
  const named = filename === undefined ? {} : { filename }
  if (isDataUrl(text)) return { type: 'file', ...inDataUrl(text, 'a file'), ...named }
  if (!filename?.toLowerCase().endsWith('.pdf'))
    throw unsupported('file_data of an unknown media type (send it as a data: URL)')
  return { type: 'file', mediaType: 'application/pdf', data: { type: 'data', data: text }, ...named }
}

function isDataUrl(text: string): boolean {
  return /^data:/i.test(text)
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w-]+=[^;,]*)*;base64,/i

function inDataUrl(url: string, where: string): Pick<LanguageModelV4FilePart, 'mediaType' | 'data'> {
  const [start = '', mediaType] = DATA_URL.exec(url.slice(0, MAX_DATA_URL_START)) ?? []
  if (mediaType === undefined) throw invalid(`The data: URL in ${where} must have a media type and base64.`)
  return { mediaType, data: { type: 'data', data: url.slice(start.length) } }
}

/** The maximum length of what precedes the data in a data: URL. */
const MAX_DATA_URL_START = 500
