import type { SignedRequest, Signer } from '../call/signer.ts'
import { credentialOf } from '../targets/credential.ts'
import { namesHeader } from './client-headers.ts'
import type { CallOptions, Client } from './request-templates.ts'

type SigningOptions = CallOptions & { readonly headers?: unknown }
interface BuiltRequest {
  readonly req: RequestInit
  readonly url: string
}

/** What of the SDK's client makes a request. */
export interface SigningClient extends Client {
  prepareOptions(options: SigningOptions): Promise<void>
  buildRequest(options: SigningOptions): Promise<BuiltRequest>
  prepareRequest(request: RequestInit, context: { url: string; options: SigningOptions }): Promise<void>
}

/** What a subclass, or a user of an instance, may replace to sign requests in a way of its own. */
const HOOKS = [
  'prepareOptions',
  'prepareRequest',
  'authHeaders',
  'bearerAuth',
  'buildHeaders',
  'buildRequest',
] as const

/** A request as the SDK wrote it, before any hook changed it. */
const WRITTEN: unique symbol = Symbol('harbor.written')
/** The request of a later attempt, of which the engine knows already. */
const AGAIN: unique symbol = Symbol('harbor.again')

interface Marked extends RequestInit {
  [WRITTEN]?: { readonly headers: Headers; readonly body: RequestInit['body'] }
  [AGAIN]?: true
}

/** Remembers what the SDK wrote, before hooks see it. */
export function noteWritten(request: RequestInit): void {
  ;(request as Marked)[WRITTEN] = { headers: new Headers(request.headers), body: request.body }
}

export function isSignedAgain(request: RequestInit): boolean {
  return (request as Marked)[AGAIN] === true
}

/** The function that makes a client's key; undefined when the key is a text. */
export function keyFunctionOf({ _options }: Client): (() => Promise<string>) | undefined {
  const apiKey = _options?.['apiKey']
  return typeof apiKey === 'function' ? (apiKey as () => Promise<string>) : undefined
}

/** Whether a client makes its requests by functions of its user's own. @param Plain the class without them */
export function hasHooks(client: object, Plain: { readonly prototype: object }): boolean {
  const [own, plain] = [client, Plain.prototype] as readonly Readonly<Record<string, unknown>>[]
  return HOOKS.some((name) => own?.[name] !== plain?.[name])
}

/** Whether the user sets a header, or leaves it out, for all calls of the client or for this one. */
export function isGivenHeader(client: Client, { headers }: SigningOptions, name: string): boolean {
  return namesHeader(headers, name) || namesHeader(client._options?.['defaultHeaders'], name)
}

/** @returns undefined when a request stays as it was signed */
export function signerOf(
  client: SigningClient,
  options: SigningOptions,
  request: RequestInit,
  hooked: boolean,
): Signer | undefined {
  const makesKey = keyFunctionOf(client)
  if (!makesKey && !hooked) return undefined
  const isSignedByIt = !isGivenHeader(client, options, 'authorization')
  return {
    credential: makesKey && isSignedByIt ? credentialOf(makesKey) : undefined,
    body: request.body,
    sign: (body) => signAgain(client, options, request, body),
  }
}

/** Has the SDK and its hooks make the request once more, for the same body: the caller's object is not read again. */
async function signAgain(
  client: SigningClient,
  options: SigningOptions,
  first: Marked,
  body: RequestInit['body'],
): Promise<SignedRequest> {
  await client.prepareOptions(options)
  const { helperMethod } = options.__metadata ?? {}
  const { req, url } = await client.buildRequest({
    ...options,
    body: undefined,
    __metadata: { helperMethod },
  })
  const written = first[WRITTEN]
  const headers = new Headers(req.headers)
  for (const [name, value] of written?.headers ?? []) {
    // What belongs to the body is not there without it; a key of idempotency belongs to the call.
    if (!headers.has(name) || name === client.idempotencyHeader?.toLowerCase()) headers.set(name, value)
  }
  const request: Marked = { ...req, headers, body: body ?? written?.body ?? null, [AGAIN]: true }
  await client.prepareRequest(request, { url, options })
  return { url, headers: new Headers(request.headers), body: request.body }
}
