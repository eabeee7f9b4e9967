import { OpenAI, type APIPromise } from 'openai'
import type { Stream } from 'openai/streaming'
import { originalOf } from './sdk-methods.ts'

/*
 * The private and undocumented parts of the `openai` package that Harbor uses. Only this file names them. Each part is checked before
 * it is used: if the SDK lacks it, or a user has replaced it, the SDK's own methods make the call.
 */

/** The options of a request, as the methods of the SDK pass them to its client. */
export type RequestOptions = Parameters<OpenAI['request']>[0] extends infer Given ? Awaited<Given> : never

/** The fields of {@link RequestOptions} that Harbor reads. */
export interface CallOptions {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: unknown
  readonly stream?: boolean | undefined
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | null | undefined
  readonly __binaryResponse?: boolean | undefined
  readonly __security?: { readonly bearerAuth?: boolean; readonly adminAPIKeyAuth?: boolean } | undefined
  readonly __metadata?: Readonly<Record<string, unknown>> | undefined
}

/** The options that the SDK's own methods add to those of the caller. They affect only the credential and the telemetry headers. */
export const ADDED_OPTIONS = ['__security', '__metadata'] as const

/** The parts of the SDK's client that Harbor uses. */
export interface SdkClient {
  readonly apiKey: string | null
  readonly adminAPIKey: string | null
  readonly organization: string | null
  readonly project: string | null
  readonly baseURL: string
  readonly timeout: number
  readonly maxRetries: number
  readonly logLevel?: string | undefined
  readonly idempotencyHeader?: string | undefined
  readonly fetchOptions?: unknown
  readonly fetch?: unknown
  readonly _options?: Readonly<Record<string, unknown>> | undefined
  readonly _provider?: unknown
  readonly _workloadIdentityAuth?: unknown
  prepareOptions(options: CallOptions): Promise<void>
  buildRequest(options: CallOptions): Promise<BuiltRequest>
  prepareRequest(request: RequestInit, context: { url: string; options: CallOptions }): Promise<void>
}

export interface BuiltRequest {
  readonly req: RequestInit
  readonly url: string
}

/** Returns the options with which the user created the client. */
export function createdWith({ _options }: SdkClient): Readonly<Record<string, unknown>> {
  return _options ?? {}
}

/** Whether a client signs its requests only with API keys that are strings. False for key functions and other credentials. */
export function signsWithKeysOnly(client: SdkClient): boolean {
  const { apiKey, credential } = createdWith(client)
  if (client._provider != null || client._workloadIdentityAuth != null || credential != null) return false
  return typeof apiKey !== 'function'
}

/**
 * Returns whether the request is signed with the API key, and whether it is signed with the admin key; undefined if the SDK does not say.
 */
export function keysFor({ __security: security }: CallOptions): readonly [unknown, unknown] {
  return [security?.bearerAuth, security?.adminAPIKeyAuth]
}

/** Returns the facts that the SDK's methods attach to a request, such as the name of the helper that makes it. */
export function metadataOf({
  __metadata: metadata,
}: CallOptions): Readonly<Record<string, unknown>> | undefined {
  return metadata
}

/** Whether the caller gets the body unparsed, as for a file. */
export function isBinary({ __binaryResponse }: CallOptions): boolean {
  return __binaryResponse === true
}

/**
 * Returns the request option that makes the SDK decode a stream with `decoder`; undefined if the request is not for a stream, or one of the
 * SDK's own methods has chosen another decoder.
 */
export function decodedBy(
  { stream, __streamClass }: RequestOptions,
  decoder: Pick<typeof Stream, 'fromSSEResponse'>,
): Partial<RequestOptions> | undefined {
  return stream && !__streamClass ? { __streamClass: decoder as typeof Stream } : undefined
}

/** Lets the SDK build the URL, headers and body of a call's request. */
export async function buildWithSdk(client: SdkClient, options: CallOptions): Promise<BuiltRequest> {
  return client.buildRequest(options)
}

/**
 * Lets the SDK and the user's hooks build the request of a call again, without its body. So the object that the caller passed as the body
 * is not read a second time.
 * @param complete makes the final request from the request that the SDK built
 */
export async function rebuildRequest(
  client: SdkClient,
  options: CallOptions,
  complete: (built: RequestInit) => RequestInit,
): Promise<BuiltRequest> {
  await client.prepareOptions(options)
  const { helperMethod } = options.__metadata ?? {}
  const { req, url } = await client.buildRequest({
    ...options,
    body: undefined,
    __metadata: { helperMethod },
  })
  const request = complete(req)
  await client.prepareRequest(request, { url, options })
  return { req: request, url }
}

/** The methods that a user can replace, in a subclass or on a client, to change how requests are signed. */
export const SIGNING_HOOKS = [
  'prepareOptions',
  'prepareRequest',
  'authHeaders',
  'bearerAuth',
  'buildHeaders',
  'buildRequest',
] as const

/**
 * The result of a request, from which the SDK parses the value for the caller. It is a class because V8 may allocate an object literal in
 * the old generation, where it would retain the answer (see docs/decisions/young-generation.md).
 */
export class SdkResult {
  readonly response: Response
  readonly options: CallOptions
  readonly controller = new AbortController()
  readonly requestSignal: AbortSignal | undefined
  readonly requestLogID = ''
  readonly retryOfRequestLogID = undefined
  readonly startTime: number

  constructor(response: Response, options: CallOptions, startTime: number) {
    this.response = response
    this.options = options
    this.requestSignal = options.signal ?? undefined
    this.startTime = startTime
  }
}

/** The header `authorization` of a request that the pipeline will sign. The SDK sends no request without one. */
export const UNSIGNED = 'Bearer unsigned'

/** The functions that Harbor adds to the requests of the SDK's clients. */
export interface RequestHooks<C> {
  /** Sends a call without the SDK. @returns undefined, or a promise of undefined, if the SDK has to make the call */
  readonly send: (client: C & SdkClient, options: CallOptions) => Promise<SdkResult | undefined> | undefined
  /** Whether the pipeline signs the requests of a client, so that the SDK must not wait for the client's key function. */
  readonly signsLater: (client: C & SdkClient) => boolean
  /** Called with a request that the SDK has built, before the user's hooks get it. */
  readonly onBuilt: (request: RequestInit) => void
  /** Called with a request that the SDK is about to send. */
  readonly onSend: (client: C & SdkClient, request: RequestInit, options: CallOptions, url: string) => void
}

/** The SDK's methods that {@link hookIntoRequests} overrides. */
interface Overridden {
  makeRequest?: (
    this: unknown,
    options: CallOptions | Promise<CallOptions>,
    retriesRemaining: number | null,
    retryOf: string | undefined,
  ) => Promise<unknown>
  buildRequest: (this: unknown, ...given: unknown[]) => Promise<BuiltRequest>
  prepareOptions: (this: unknown, ...given: unknown[]) => Promise<unknown>
  bearerAuth: (this: unknown, ...given: unknown[]) => Promise<unknown>
  prepareRequest: (this: unknown, request: RequestInit, context: SendContext) => Promise<void>
}

type MakeRequestArguments = Parameters<NonNullable<Overridden['makeRequest']>>

interface SendContext {
  readonly url: string
  readonly options: CallOptions
}

/**
 * Overrides the methods with which a class of clients makes requests. An override looks up the SDK's own method at each call, and calls it.
 */
export function hookIntoRequests<C extends object>(
  Class: { readonly prototype: C },
  { send, signsLater, onBuilt, onSend }: RequestHooks<C>,
): void {
  const sdk = Object.getPrototypeOf(Class.prototype) as Overridden
  define(Class.prototype, 'buildRequest', async function (this: C, ...given: unknown[]) {
    const built = await sdk.buildRequest.apply(this, given)
    onBuilt(built.req)
    return built
  })
  // Older versions of the SDK, such as 7.6, wait for the key in the first of these methods, newer ones in the second.
  for (const name of ['prepareOptions', 'bearerAuth'] as const)
    define(Class.prototype, name, async function (this: C & SdkClient, ...given: unknown[]) {
      return signsLater(this) ? { authorization: UNSIGNED } : sdk[name].apply(this, given)
    })
  define(
    Class.prototype,
    'prepareRequest',
    async function (this: C & SdkClient, request: RequestInit, context: SendContext) {
      await sdk.prepareRequest.call(this, request, context)
      onSend(this, request, context.options, context.url)
    },
  )
  if (typeof sdk.makeRequest !== 'function') return
  define(
    Class.prototype,
    'makeRequest',
    async function (this: C & SdkClient, ...[given, retriesRemaining, retryOf]: MakeRequestArguments) {
      const options = await given
      const sending = send(this, options)
      const result = sending && (await sending)
      return result ?? sdk.makeRequest?.call(this, options, retriesRemaining, retryOf)
    },
  )
}

function define(prototype: object, name: keyof Overridden, value: unknown): void {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
}

/** Parses the response to a request for the caller. */
export type Parser<Result> = (client: SdkClient, result: ParserInput) => Result | Promise<Result>

/** The facts about a request that the SDK passes to a transformation, together with the parsed result. */
export type ResultProps = Parameters<Parameters<APIPromise<unknown>['_thenUnwrap']>[0]>[1]

export type ParserInput = Pick<SdkResult, 'response' | 'options'>

interface Parsing<Result> {
  parseResponse?: Parser<Result>
}

/** Returns the function with which a promise of the SDK parses its result; undefined if the promise has none. */
export function parserOf<Result>(promise: APIPromise<Result>): Parser<Result> | undefined {
  const { parseResponse } = promise as unknown as Parsing<Result>
  return typeof parseResponse === 'function' ? parseResponse : undefined
}

export function setParser<Result>(promise: APIPromise<Result>, parser: Parser<Result>): void {
  ;(promise as unknown as Parsing<Result>).parseResponse = parser
}

/** Returns a promise of the transformed result of another promise. */
export function transformed<Result, Other>(
  promise: APIPromise<Result>,
  transform: (result: Result, props: ResultProps) => Other,
): APIPromise<Other> {
  return promise._thenUnwrap(transform)
}

/**
 * Makes `wrap` be called whenever a helper of the SDK, such as `.parse()`, transforms the result of a promise. The helper gets the promise
 * that `wrap` returns.
 */
export function onTransform<Result>(
  promise: APIPromise<Result>,
  wrap: <Other>(
    other: APIPromise<Other>,
    transform: (result: Result, props: ResultProps) => Other,
  ) => APIPromise<Other>,
): void {
  const transformed = promise._thenUnwrap.bind(promise)
  promise._thenUnwrap = (transform) => wrap(transformed(transform), transform)
}

const PARSE = 'parseResponseWithTimeout'
const SDK_PARSE = originalOf(OpenAI.prototype, PARSE)

/** Whether a client parses results with the SDK's own method. False if a user has replaced that method. */
export function parsesAsSdk(client: object): boolean {
  return client[PARSE as never] === SDK_PARSE
}
