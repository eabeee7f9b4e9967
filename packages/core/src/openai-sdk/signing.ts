import type { SignedRequest, Signer } from '../call/signer.ts'
import { credentialOf } from '../targets/credential.ts'
import { namesHeader } from './client-headers.ts'
import {
  createdWith,
  keysFor,
  rebuildRequest,
  SIGNING_HOOKS,
  UNSIGNED,
  type CallOptions,
  type SdkClient,
} from './contract.ts'

/** The key of a property of a request: the headers and body that the SDK built, before a hook changed them. */
const BUILT: unique symbol = Symbol('harbor.built')
/** The key of a property that marks a request as signed again. Such a request already has its call context. */
const SIGNED_AGAIN: unique symbol = Symbol('harbor.signedAgain')

interface MarkedRequest extends RequestInit {
  [BUILT]?: { readonly headers: Headers; readonly body: RequestInit['body'] }
  [SIGNED_AGAIN]?: true
}

/** Stores the headers and the body that the SDK built, before hooks change them. */
export function rememberBuilt(request: RequestInit): void {
  ;(request as MarkedRequest)[BUILT] = { headers: new Headers(request.headers), body: request.body }
}

export function isSignedAgain(request: RequestInit): boolean {
  return (request as MarkedRequest)[SIGNED_AGAIN] === true
}

/** Returns the function that returns a client's key; undefined if the key is not a function. */
export function keyFunctionOf(client: SdkClient): (() => Promise<string>) | undefined {
  const { apiKey } = createdWith(client)
  return typeof apiKey === 'function' ? (apiKey as () => Promise<string>) : undefined
}

/**
 * Whether a client uses methods of its user, instead of its class's own ones, to sign requests.
 * @param Plain the client class, for comparison
 */
export function hasSigningHooks(client: object, Plain: { readonly prototype: object }): boolean {
  const [own, plain] = [client, Plain.prototype] as readonly Readonly<Record<string, unknown>>[]
  return SIGNING_HOOKS.some((name) => own?.[name] !== plain?.[name])
}

/** Whether the user sets or removes a header, in the options of the client or of the call. */
export function isGivenHeader(client: SdkClient, { headers }: CallOptions, name: string): boolean {
  return namesHeader(headers, name) || namesHeader(createdWith(client)['defaultHeaders'], name)
}

/**
 * Whether a request is signed with the `apiKey` that was passed when the client was created. False if the credential is from the call,
 * `defaultHeaders`, a hook, or a later change of the client's `apiKey`.
 */
export function carriesOwnKey(
  client: SdkClient,
  options: CallOptions,
  headers: RequestInit['headers'],
  hasHooks: boolean,
): boolean {
  if (isGivenHeader(client, options, 'authorization')) return false
  const { apiKey } = createdWith(client)
  if (typeof apiKey === 'function') {
    const [usesKey = true] = keysFor(options)
    return !hasHooks && usesKey === true
  }
  const sent = headers instanceof Headers ? headers : new Headers(headers)
  return typeof apiKey === 'string' && sent.get('authorization') === `Bearer ${apiKey}`
}

/** Returns a signer, which can sign a request again. @returns undefined if the first signature of the request stays valid */
export function signerOf(
  client: SdkClient,
  options: CallOptions,
  request: RequestInit,
  hasHooks: boolean,
): Signer | undefined {
  const keyFunction = keyFunctionOf(client)
  if (!keyFunction && !hasHooks) return undefined
  const usesKey = !isGivenHeader(client, options, 'authorization')
  return {
    credential: keyFunction && usesKey ? credentialOf(keyFunction) : undefined,
    key:
      (request.headers as Headers | undefined)?.get('authorization') === UNSIGNED ? keyFunction : undefined,
    hasHooks,
    body: request.body,
    sign: (body) => signAgain(client, options, request, body),
  }
}

/**
 * Lets the SDK and its hooks build the request again. The body is reused, so that the object that the caller passed is not read a second
 * time.
 */
async function signAgain(
  client: SdkClient,
  options: CallOptions,
  first: MarkedRequest,
  body: RequestInit['body'],
): Promise<SignedRequest> {
  const { req, url } = await rebuildRequest(client, options, (built): MarkedRequest => {
    const before = first[BUILT]
    const headers = new Headers(built.headers)
    for (const [name, value] of before?.headers ?? []) {
      // A request that is built without its body lacks the body's headers. The idempotency key stays the same for the whole call.
      if (!headers.has(name) || name === client.idempotencyHeader?.toLowerCase()) headers.set(name, value)
    }
    return { ...built, headers, body: body ?? before?.body ?? null, [SIGNED_AGAIN]: true }
  })
  return { url, headers: new Headers(req.headers), body: req.body }
}
