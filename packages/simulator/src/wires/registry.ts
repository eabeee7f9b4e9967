import type { RequestHead, Route, WireName } from '../route.ts'
import { anthropic } from './anthropic/anthropic-wire.ts'
import { gemini } from './gemini/gemini-wire.ts'
import { openai } from './openai/openai-wire.ts'
import type { Wire } from './wire.ts'

/** All wire formats. A request belongs to the first one that recognises its path. */
const wires: Readonly<Record<WireName, Wire>> = { anthropic, gemini, openai }

/**
 * Returns the wire format and the operation of a request. If no wire format recognises the path, the operation is `other`, and the headers
 * decide the wire format.
 */
export function routeOf(head: RequestHead): Route {
  for (const wire of Object.values(wires)) {
    const route = wire.route(head)
    if (route) return route
  }
  return { wire: vendorOf(head), operation: 'other' }
}

/** Returns the wire format of a request. */
export function wireOf({ wire }: { wire: WireName }): Wire {
  return wires[wire]
}

function vendorOf({ headers }: RequestHead): WireName {
  if (headers['anthropic-version'] !== undefined) return 'anthropic'
  return headers['x-goog-api-key'] === undefined ? 'openai' : 'gemini'
}
