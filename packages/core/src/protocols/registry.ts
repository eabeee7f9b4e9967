import type { JsonBody } from '../base/json.ts'
import { PROTOCOLS } from './list.ts'
import type { Operation, Protocol } from './protocol.ts'
import { READ, UNKNOWN } from './unknown/operation.ts'

const LISTED: readonly Protocol[] = PROTOCOLS

/**
 * Recognises the operation (the kind of request) by method, URL and body.
 * @returns a promise while the code of the protocol is still being loaded, as for its first request
 */
export function operationOf(
  method: string,
  url: string,
  body: JsonBody | undefined,
): Operation | Promise<Operation> {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return READ
  if (method !== 'POST' || body === undefined) return UNKNOWN
  const end = url.search(/[?#]/)
  const path = end === -1 ? url : url.slice(0, end)
  const query = end === -1 ? '' : url.slice(end)
  for (const protocol of LISTED) {
    const operation = protocol.operationOf(path, body, query)
    if (operation) return operation
  }
  return UNKNOWN
}

/** Recognises the operation by the fields of a body alone, for requests whose URL is not known. */
export function operationOfBody(body: JsonBody): Operation {
  for (const protocol of LISTED) {
    const operation = protocol.operationOfBody?.(body)
    if (operation) return operation
  }
  return UNKNOWN
}
