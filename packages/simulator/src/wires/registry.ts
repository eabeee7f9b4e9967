import type { RequestHead, Route, WireName } from '../route.ts'
import { anthropic } from './anthropic/anthropic-wire.ts'
import { gemini } from './gemini/gemini-wire.ts'
import { openai } from './openai/openai-wire.ts'
import type { Wire } from './wire.ts'

/** All wires. Of those that have a path, the first one in this order gets the request. */
const wires: Readonly<Record<WireName, Wire>> = { anthropic, gemini, openai }

/** The wire and the operation of a request. A path that no wire has is an `other` operation of the wire that the headers point to. */
export function routeOf(head: RequestHead): Route {
  for (const wire of Object.values(wires)) {
    const route = wire.route(head)
    if (route) return route
  }
  return { wire: vendorOf(head), operation: 'other' }
}

/** The wire of a request. */
export function wireOf({ wire }: { wire: WireName }): Wire {
  return wires[wire]
}

function vendorOf({ headers }: RequestHead): WireName {
  if (headers['anthropic-version'] !== undefined) return 'anthropic'
  return headers['x-goog-api-key'] === undefined ? 'openai' : 'gemini'
}
