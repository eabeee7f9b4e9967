import { isRecord, type JsonBody } from '../../base/json.ts'
import type { ResumeFormat } from '../shared/resume-format.ts'

/**
 * How a stream of the Responses API is resumed. The API stores the events of a response that was created with `background: true`, and
 * numbers them. See https://platform.openai.com/docs/guides/background#streaming-a-background-response
 */
export const RESPONSES_RESUMING: ResumeFormat = {
  // A background response is stored by default; with `store: false`, the API refuses it.
  isStored: ({ background, store }) => background === true && store !== false,
  positionOf({ sequence_number: number }) {
    return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined
  },
  urlOf(url, request, { id, after }) {
    const [, path = '', query = ''] = /^([^?#]*)(?:\?([^#]*))?/.exec(url) ?? []
    const fields = [query, 'stream=true', `starting_after=${after}`, ...sameFields(request)]
    return `${path}/${encodeURIComponent(id)}?${fields.filter((field) => field !== '').join('&')}`
  },
}

/** Returns the query for the fields of the request on which the content of the events depends. */
function sameFields({ include, stream_options: options }: JsonBody): string[] {
  const obfuscation = isRecord(options) ? options['include_obfuscation'] : undefined
  return [
    ...(Array.isArray(include) ? include : [])
      .filter((field) => typeof field === 'string')
      .map((field) => `include[]=${encodeURIComponent(field)}`),
    ...(typeof obfuscation === 'boolean' ? [`include_obfuscation=${obfuscation}`] : []),
  ]
}
