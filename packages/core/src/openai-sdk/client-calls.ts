import type { APIPromise } from 'openai'
import { explainConnectionError } from '../base/explain-connection-error.ts'
import type { Scopes } from '../cache/scopes.ts'
import { setCallContext, type ReceiptSlot } from '../call/call-context.ts'
import type { Log } from '../call/exchange.ts'
import type { Identified } from '../call/identity.ts'
import type { Signer } from '../call/signer.ts'
import { cacheRules } from '../options/cache-options.ts'
import { perCallOf } from '../options/per-call.ts'
import type { LivePolicy } from '../policy/live-policy.ts'
import { policyFor } from '../policy/settle-options.ts'
import { attachReceipt } from '../reporting/receipt.ts'
import { RETRY_COUNT_HEADER } from '../transport/retry-count-header.ts'
import { clientHeaders } from './client-headers.ts'
import {
  buildWithSdk,
  createdWith,
  decodedBy,
  hookIntoRequests,
  metadataOf,
  type CallOptions,
  type RequestOptions,
  type SdkClient,
  type SdkResult,
} from './contract.ts'
import { sendDirectly, takeSettledResponse, type DirectSendContext } from './direct-send.ts'
import { parseOnce, withReceipt } from './parse-once.ts'
import { ParsedStream } from './parsed-stream.ts'
import type { RequestTemplates } from './request-templates.ts'
import { methodsOf, replacedMethod, type SdkMethods } from './sdk-methods.ts'
import {
  hasSigningHooks,
  isGivenHeader,
  isSignedAgain,
  keyFunctionOf,
  rememberBuilt,
  signerOf,
} from './signing.ts'

/** How many attempts a call may have; carried through the SDK's options, in which the SDK's own retries are off. */
const MAX_ATTEMPTS: unique symbol = Symbol('harbor.maxAttempts')
/** Where the receipt of a call is put; carried along in the same way. */
const SLOT: unique symbol = Symbol('harbor.slot')
/** Under this symbol the prototype of a class of clients carries its {@link SdkBinding}. */
const BINDING: unique symbol = Symbol('harbor.sdkBinding')

interface CarriedOptions {
  [MAX_ATTEMPTS]?: number
  [SLOT]?: ReceiptSlot
}

interface SdkBinding {
  readonly Class: { readonly prototype: object }
  readonly methods: SdkMethods
}

/** Stands for any request of a client. */
const SAMPLE_REQUEST = { method: 'post', path: '/chat/completions' } as const
/** Scopes have names also without a cache. */
const DEFAULT_RULES = cacheRules({})

/** Has the clients of a class make their calls with the help of their {@link ClientCalls}. */
export function bindToSdk<C extends object>(
  Class: { readonly prototype: C },
  callsOf: (client: C) => ClientCalls,
): void {
  hookIntoRequests<C>(Class, {
    send: (client, options) => callsOf(client).send(options),
    onBuilt: rememberBuilt,
    onSend: (client, request, options, url) => callsOf(client).prepare(request, options, url),
  })
  const binding: SdkBinding = { Class, methods: methodsOf(Class.prototype) }
  Object.defineProperty(Class.prototype, BINDING, { value: binding })
}

/** What the calls of a client share with those of its copies, and the client's own policy. */
export interface ClientCallsParts {
  readonly policy: LivePolicy
  readonly templates: RequestTemplates
  readonly scopes: Scopes
  readonly fetch: typeof globalThis.fetch
  readonly log: Log
  /** Why the fast path is off; undefined when it is on. */
  readonly fastPathOff: string | undefined
}

/** What Harbor adds to each call of one client, around the SDK's own methods. */
export class ClientCalls implements DirectSendContext {
  readonly templates: RequestTemplates
  readonly fetch: typeof globalThis.fetch
  readonly #client: SdkClient
  readonly #parts: ClientCallsParts
  readonly #binding: SdkBinding

  /** @param client of a class that is bound to the SDK */
  constructor(client: object, parts: ClientCallsParts) {
    this.#client = client as SdkClient
    this.#binding = (client as { readonly [BINDING]: SdkBinding })[BINDING]
    this.#parts = parts
    this.templates = parts.templates
    this.fetch = parts.fetch
  }

  /** The options for the SDK, which makes no retries of its own with them. */
  begin(options: RequestOptions | Promise<RequestOptions>, slot: ReceiptSlot): Promise<RequestOptions> {
    return Promise.resolve(options).then((given) => {
      slot.helper = helperSignal(given)
      return this.#takeOverRetries(given, slot)
    })
  }

  /** Attaches the receipt to the result of a call, or to its error. */
  finish<Result>(promise: APIPromise<Result>, slot: ReceiptSlot): APIPromise<Result> {
    this.attachToError(promise, slot)
    return this.#parts.fastPathOff === undefined ? parseOnce(promise) : withReceipt(promise)
  }

  /** Attaches the receipt to the error of a call, if that has no headers to carry it. An abort is the caller's own and gets none. */
  attachToError(promise: APIPromise<unknown>, slot: ReceiptSlot): void {
    promise.asResponse().catch((error: unknown) => {
      const { receipt } = slot
      if (receipt && receipt.outcome !== 'aborted') attachReceipt(error, receipt)
      explainConnectionError(error)
    })
  }

  /** Sends a call directly, if it can. @returns undefined, or a promise of undefined, to leave it to the SDK */
  send(options: CallOptions): Promise<SdkResult | undefined> | undefined {
    return this.whyNotDirect() === undefined ? sendDirectly(this.#client, options, this) : undefined
  }

  /** Prepares a request that the SDK is about to send. */
  prepare(request: RequestInit, options: CallOptions, url: string): void {
    if (isSignedAgain(request)) return
    // What a hook adds is never learned: another client may not have the hook.
    if (this.whyNotDirect() === undefined) this.templates.learn(this.#client, options, url, request)
    this.attachCallContext(request, options)
  }

  /** Attaches to a request what `fetch` alone could not know about its call. */
  attachCallContext(request: RequestInit, options: CallOptions): void {
    const { [MAX_ATTEMPTS]: maxAttempts, [SLOT]: slot } = options as CarriedOptions
    const perCall = perCallOf(options) ?? {}
    setCallContext(request, {
      policy: policyFor(this.#parts.policy.current, {
        totalMs: options.timeout ?? this.#client.timeout,
        maxAttempts: maxAttempts ?? this.#maxAttempts(),
        timeouts: perCall.timeouts,
      }),
      callerSignal: options.signal ?? undefined,
      perCall,
      log: this.#parts.log,
      signer: this.#signer(request, options),
      ownRetryCount: isGivenHeader(this.#client, options, RETRY_COUNT_HEADER),
      slot,
      alreadySent: takeSettledResponse(options),
    })
  }

  /** Why calls go the SDK's own way; undefined when they may be sent directly. Also called for each call. */
  whyNotDirect(): string | undefined {
    const { logLevel, fetch, constructor } = this.#client
    const { fastPathOff } = this.#parts
    if (fastPathOff !== undefined) return fastPathOff
    if (constructor !== this.#binding.Class) return 'the client is of a class of your own'
    if (fetch !== this.fetch) return 'fetch was replaced'
    // At these levels the SDK logs each request.
    if (logLevel === 'info' || logLevel === 'debug') return `logLevel is ${logLevel}`
    const replaced = replacedMethod(this.#binding.methods, this.#client)
    return replaced === undefined ? undefined : `${replaced} was replaced`
  }

  /** The headers that identify this client, with a key or without. */
  identified(): Identified & { readonly hasKey: boolean } {
    const { apiKey, organization, project } = this.#client
    const { defaultHeaders } = createdWith(this.#client)
    const signer = this.#signer({}, SAMPLE_REQUEST)
    // A key function may not have been called yet.
    const key = signer?.credential === undefined ? apiKey : 'from a function'
    const hasKey = Boolean(apiKey) || keyFunctionOf(this.#client) !== undefined
    return { headers: clientHeaders({ apiKey: key, organization, project, defaultHeaders }), signer, hasKey }
  }

  /** The scope of this client's answers in the cache, unless a call or an option names one: that of the credential. */
  async scope(): Promise<string> {
    const { req } = await buildWithSdk(this.#client, SAMPLE_REQUEST)
    const { routes, cache = DEFAULT_RULES } = this.#parts.policy.current
    const request = { headers: new Headers(req.headers), signer: this.#signer(req, SAMPLE_REQUEST) }
    const plan = routes.planFor(undefined, this.#client.baseURL)
    return this.#parts.scopes.of(request, undefined, cache, plan).name
  }

  #signer(request: RequestInit, options: CallOptions): Signer | undefined {
    return signerOf(this.#client, options, request, hasSigningHooks(this.#client, this.#binding.Class))
  }

  /** As `configure()` has set it, or else by the SDK's own field, which its user may change at any time. */
  #maxAttempts(): number {
    const { policy } = this.#parts
    return policy.overridesRetry ? policy.current.maxAttempts : this.#client.maxRetries + 1
  }

  /** The next page of a list reuses the options of the one before, and keeps its number of attempts. */
  #takeOverRetries(options: RequestOptions, slot: ReceiptSlot): RequestOptions {
    const { maxRetries, [MAX_ATTEMPTS]: kept } = options as RequestOptions & CarriedOptions
    const { fastPathOff } = this.#parts
    const carried: RequestOptions & CarriedOptions = {
      ...options,
      maxRetries: 0,
      ...(fastPathOff === undefined && decodedBy(options, ParsedStream)),
      [MAX_ATTEMPTS]: kept ?? (maxRetries === undefined ? this.#maxAttempts() : maxRetries + 1),
      [SLOT]: slot,
    }
    return carried
  }
}

/**
 * The signal of the SDK helper, such as `chat.completions.stream()` or `runTools()`, that makes a call. It leads from the call to the
 * helper, whose calls are all made with the signal of its own controller.
 * @returns undefined for a call that no helper makes
 */
function helperSignal(options: CallOptions): AbortSignal | undefined {
  const { signal } = options
  return signal && typeof metadataOf(options)?.['helperMethod'] === 'string' ? signal : undefined
}
