import type { JsonBody } from '../base/json.ts'
import { PROTOCOLS } from './list.ts'
import type { Operation, Protocol } from './protocol.ts'
import { READ, UNKNOWN } from './unknown/operation.ts'

const LISTED: readonly Protocol[] = PROTOCOLS

/**
 * Recognises an operation by its method, path and body.
 * @returns a promise for the first requests of a protocol that is still being loaded
 */
export function operationOf(
  method: string,
  url: string,
  body: JsonBody | undefined,
): Operation | Promise<Operation> {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return READ
  if (method !== 'POST' || body === undefined) return UNKNOWN
  const path = pathOf(url)
  for (const protocol of LISTED) {
    const operation = protocol.operationOf(path, body)
    if (operation) return operation
  }
  return UNKNOWN
}

/** The operation of a body that comes without an address. */
export function operationOfBody(body: JsonBody): Operation {
  for (const protocol of LISTED) {
    const operation = protocol.operationOfBody?.(body)
    if (operation) return operation
  }
  return UNKNOWN
}

function pathOf(url: string): string {
  const query = url.search(/[?#]/)
  return query === -1 ? url : url.slice(0, query)
}
