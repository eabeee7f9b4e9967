import type { Exchange } from '../call/exchange.ts'
import { isRecord } from '../base/json.ts'
import type { Capability, Target } from '../reporting/target.ts'

type Request = Pick<Exchange, 'json' | 'streaming'>

/** Why a target cannot serve the request, as far as its capabilities are told; undefined when nothing speaks against it. */
export function lackOf({ capabilities }: Target, request: Request): string | undefined {
  if (!capabilities) return undefined
  const missing = needsOf(request).find((need) => !capabilities.includes(need))
  return missing && `it is not said to be capable of ${missing}`
}

function needsOf({ json = {}, streaming }: Request): readonly Capability[] {
  const needs: Capability[] = []
  const parts = partsOf(json['messages'] ?? json['input'])
  if (streaming) needs.push('stream')
  if (Array.isArray(json['tools']) && json['tools'].length > 0) needs.push('tools')
  if (parts.some(({ type }) => type === 'image_url' || type === 'input_image')) needs.push('vision')
  if (parts.some(({ type }) => type === 'input_audio') || asksForAudio(json)) needs.push('audio')
  if (asksForJson(json)) needs.push('json')
  return needs
}

/** The parts of messages that consist of parts. */
function partsOf(messages: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(messages)) return []
  return messages.flatMap((message: unknown) => {
    const content = isRecord(message) ? message['content'] : undefined
    return Array.isArray(content) ? content.filter(isRecord) : []
  })
}

function asksForAudio({ modalities }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(modalities) && modalities.includes('audio')
}

/** Of Chat Completions and of Responses. */
function asksForJson({ response_format, text }: Readonly<Record<string, unknown>>): boolean {
  const format = response_format ?? (isRecord(text) ? text['format'] : undefined)
  return isRecord(format) && (format['type'] === 'json_object' || format['type'] === 'json_schema')
}
