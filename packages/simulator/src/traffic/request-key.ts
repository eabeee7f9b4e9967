import { hash } from 'node:crypto'
import { asArray, asObject, asString, isObject } from '../answers/json.ts'
import type { Exchange } from './exchange.ts'
import { CREDENTIAL_PARAMETERS } from './redaction/address.ts'

/** The parts of a request by which its recording is found. */
export interface RequestFacts {
  method: string
  path: string
  query: string
  contentType: string
  body: Buffer
}

/** Returns the model that a request names in its body or, as at Gemini and Azure, in its path; empty if it names none. */
export function modelOf({ path, body }: RequestFacts): string {
  const inPath = /\/(?:models|deployments)\/([^/:]+)/.exec(path)?.[1]
  return asString(asObject(parsed(body))['model']) || inPath || ''
}

/**
 * Returns the hashes by which the recording for a request is found. The order of fields in JSON, the boundary of a multipart body and
 * credentials in the query do not change them. Every other difference does.
 */
export function matchOf(request: RequestFacts): Exchange['match'] {
  const { method, path, query } = request
  const parameters = [...new URLSearchParams(query)]
    .filter(([name]) => !CREDENTIAL_PARAMETERS.has(name))
    .sort()
  return {
    request: short([method, path, parameters, hash('sha256', canonicalBody(request), 'hex')]),
    place: short([method, path, modelOf(request)]),
  }
}

function short(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'hex').slice(0, 32)
}

function canonicalBody({ contentType, body }: RequestFacts): string | Buffer {
  const boundary = /^multipart\/.*boundary="?([^";]+)/i.exec(contentType)?.[1]
  if (boundary !== undefined) return body.toString('latin1').replaceAll(boundary, 'boundary')
  const json = parsed(body)
  if (json === undefined) return body
  try {
    return JSON.stringify(sorted(json))
  } catch {
    // Nested too deeply to be read by recursion.
    return body
  }
}

function parsed(body: Buffer): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return asArray(value).map(sorted)
  if (!isObject(value)) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
  // Defines own fields, `__proto__` included.
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]))
}
