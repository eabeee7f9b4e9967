import type { JsonBody } from '../base/json.ts'
import { PROTOCOLS } from './list.ts'
import type { Operation, OtherEndpoints, Protocol } from './protocol.ts'
import { OTHER } from './unknown/operation.ts'
import { VENDOR_OF_PROTOCOL, type Vendor } from './vendors.ts'

const LISTED: readonly Protocol[] = PROTOCOLS
/** OpenAI's protocols come last, since they accept every body with `messages` or `input`. The others look for fields that only they have. */
const SPECIAL_FIRST = LISTED.toSorted((one, other) => Number(isOpenAIs(one)) - Number(isOpenAIs(other)))

/**
 * Recognises the operation (the kind of request) by method, URL and body.
 * @returns a promise while the code of the protocol is still being loaded, as for its first request
 */
export function operationOf(
  method: string,
  url: string,
  body: JsonBody | undefined,
): Operation | Promise<Operation> {
  if (onlyReads(method)) return OTHER.read
  if (method !== 'POST' || body === undefined) return OTHER.write
  const end = url.search(/[?#]/)
  const path = end === -1 ? url : url.slice(0, end)
  const query = end === -1 ? '' : url.slice(end)
  for (const protocol of LISTED) {
    const operation = protocol.operationOf(path, body, query)
    if (operation) return operation
  }
  return OTHER.write
}

/**
 * Returns the operation of a request that belongs to no protocol, for an endpoint of the given vendor. Errors of Harbor then have the form
 * of this vendor.
 * @returns a promise while the code for the vendor is still being loaded
 */
export function otherOperationOf(vendor: Vendor, method: string): Operation | Promise<Operation> {
  const others = OF_VENDOR.get(vendor)?.otherEndpoints?.() ?? OTHER
  return others instanceof Promise ? others.then((loaded) => forMethod(loaded)) : forMethod(others)

  function forMethod({ read, write }: OtherEndpoints): Operation {
    return onlyReads(method) ? read : write
  }
}

/** One protocol of each vendor. Its folder contains what applies to all endpoints of the vendor. */
const OF_VENDOR: ReadonlyMap<Vendor | undefined, Protocol> = new Map(
  LISTED.map((protocol) => [VENDOR_OF_PROTOCOL.get(protocol.name), protocol]),
)

function isOpenAIs({ name }: Protocol): boolean {
  return VENDOR_OF_PROTOCOL.get(name) === 'openai'
}

function onlyReads(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

/** Recognises the operation by the fields of a body alone, for requests whose URL is not known. */
export function operationOfBody(body: JsonBody): Operation {
  for (const protocol of SPECIAL_FIRST) {
    const operation = protocol.operationOfBody?.(body)
    if (operation) return operation
  }
  return OTHER.write
}
