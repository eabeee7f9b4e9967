import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { context, createContextKey, propagation, type Context } from '@opentelemetry/api'
import { guarded } from '../guarded.ts'

// Instrumentations of undici add the headers of the global propagator to each request when it is created. A request of Harbor must have them
// once if it propagates, and not at all otherwise.

/** The call in whose context code runs, and which headers its requests may have. */
interface Inside {
  /** Whether Harbor has added the headers of the propagator. */
  readonly propagates: boolean
  /** Undefined if the call is in no trace. */
  readonly traceId: string | undefined
  /** The id of the span that was active when the call began: the caller itself may have sent it along. */
  readonly callerSpanId: string | undefined
}

const INSIDE = /* @__PURE__ */ createContextKey('harbor.call')

/** Returns the context of a call of Harbor, in which no instrumentation adds headers of the propagator. */
export function insideCall(of: Context, call: Inside): Context {
  return of.setValue(INSIDE, call)
}

/** Whether a context is that of a call of Harbor: of another client, which counts the tokens. */
export function isInsideCall(of: Context): boolean {
  return of.getValue(INSIDE) !== undefined
}

/** Returns the headers of the propagator for a request that is sent in a context. */
export function propagationHeaders(of: Context): Readonly<Record<string, string>> | undefined {
  const headers: Record<string, string> = {}
  guarded(() => propagation.inject(of, headers))
  return Object.keys(headers).length === 0 ? undefined : headers
}

/** Watches the requests that undici creates in this process. A second call changes nothing. */
export function watchRequests(): void {
  guarded(() => {
    unsubscribe(CREATED, applyRule)
    subscribe(CREATED, applyRule)
  })
}

const CREATED = 'undici:request:create'

/** A request that undici is creating. Its headers are a list of names and values. */
interface CreatedRequest {
  readonly headers?: unknown
  readonly addHeader?: unknown
}

/** Removes the headers that instrumentations have added before, and prevents that they add them afterwards. */
function applyRule(message: unknown): void {
  guarded(() => {
    const call = context.active().getValue(INSIDE) as Inside | undefined
    if (!call) return
    const names = new Set(propagation.fields().map((name) => name.toLowerCase()))
    if (names.size === 0) return
    const { request } = message as { readonly request: CreatedRequest }
    if (Array.isArray(request.headers)) removeAdded(request.headers, names, call)
    const { addHeader } = request
    if (typeof addHeader !== 'function') return
    Object.defineProperty(request, 'addHeader', {
      configurable: true,
      value: (name: string, value: string): unknown =>
        names.has(name.toLowerCase()) ? request : Reflect.apply(addHeader, request, [name, value]),
    })
  })
}

/** Removes the headers that an instrumentation has appended: from the first one that the request has twice, or that names its trace. */
function removeAdded(headers: unknown[], names: ReadonlySet<string>, call: Inside): void {
  const seen = new Set<string>()
  let from = headers.length
  for (let at = 0; at < headers.length && from === headers.length; at += 2) {
    const name = String(headers[at]).toLowerCase()
    if (!names.has(name)) continue
    if (seen.has(name) || (!call.propagates && isAdded(String(headers[at + 1]), call))) from = at
    seen.add(name)
  }
  for (let at = headers.length - 2; at >= from; at -= 2)
    if (names.has(String(headers[at]).toLowerCase())) headers.splice(at, 2)
}

function isAdded(value: string, { traceId, callerSpanId }: Inside): boolean {
  if (traceId === undefined) return false
  return (
    value.replaceAll('-', '').includes(traceId) &&
    !(callerSpanId !== undefined && value.includes(callerSpanId))
  )
}
