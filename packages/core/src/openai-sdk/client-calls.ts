import type { APIPromise } from 'openai'
import { explainConnectionError } from '../base/explain-connection-error.ts'
import type { ScopeOfAnswers } from '../cache/cached-answers.ts'
import { scopeName, type Scopes } from '../cache/scopes.ts'
import { setCallContext, type ReceiptSlot } from '../call/call-context.ts'
import type { Log } from '../call/exchange.ts'
import type { Identified } from '../call/identity.ts'
import type { Signer } from '../call/signer.ts'
import { cacheRules } from '../options/cache-options.ts'
import type { HarborOptions } from '../options/options.ts'
import { withLabels } from '../options/labels.ts'
import { perCallOf } from '../options/per-call.ts'
import { scopeLabelsText } from '../options/scope-labels.ts'
import type { LivePolicy } from '../policy/live-policy.ts'
import { policyFor } from '../policy/settle-options.ts'
import type { KeyList } from '../targets/credential.ts'
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
import { operationOfBody } from '../protocols/registry.ts'
import { parseOnce, withReceipt } from './parse-once.ts'
import { ParsedStream } from './parsed-stream.ts'
import type { RequestTemplates } from './request-templates.ts'
import { methodsOf, replacedMethod, type SdkMethods } from './sdk-methods.ts'
import {
  carriesOwnKey,
  hasSigningHooks,
  isGivenHeader,
  isSignedAgain,
  keyFunctionOf,
  rememberBuilt,
  signerOf,
} from './signing.ts'

/**
 * The key of a property of the SDK's request options: the maximum number of attempts of a call. Harbor needs it because the SDK's own
 * retries are turned off.
 */
const MAX_ATTEMPTS: unique symbol = Symbol('harbor.maxAttempts')
/** The key of a property of the SDK's request options: an object in which Harbor stores the receipt of the call. */
const SLOT: unique symbol = Symbol('harbor.slot')
/** The key of a property of the prototype of a client class: its {@link SdkBinding}. */
const BINDING: unique symbol = Symbol('harbor.sdkBinding')

interface CarriedOptions {
  [MAX_ATTEMPTS]?: number
  [SLOT]?: ReceiptSlot
}

interface SdkBinding {
  readonly Class: { readonly prototype: object }
  readonly methods: SdkMethods
}

/** A sample request. It is used to find facts that are the same for all requests of a client. */
const SAMPLE_REQUEST = { method: 'post', path: '/chat/completions' } as const
/** The cache rules from which `scope()` calculates a scope if the client has no cache. */
const DEFAULT_RULES = cacheRules({})

/** Hooks Harbor into the requests of a class of clients. Each client then makes its calls through its {@link ClientCalls}. */
export function bindToSdk<C extends object>(
  Class: { readonly prototype: C },
  callsOf: (client: C) => ClientCalls,
): void {
  hookIntoRequests<C>(Class, {
    send: (client, options) => callsOf(client).send(options),
    signsLater: (client) => callsOf(client).signsLater,
    onBuilt: rememberBuilt,
    onSend: (client, request, options, url) => callsOf(client).prepare(request, options, url),
  })
  const binding: SdkBinding = { Class, methods: methodsOf(Class.prototype) }
  Object.defineProperty(Class.prototype, BINDING, { value: binding })
}

/** What the calls of a client need: the client's own policy, and the state that the client shares with its copies. */
export interface ClientCallsParts {
  readonly policy: LivePolicy
  readonly templates: RequestTemplates
  readonly scopes: Scopes
  readonly fetch: typeof globalThis.fetch
  readonly log: Log
  /** The reason why the fast path is off; undefined when it is on. */
  readonly fastPathOff: string | undefined
}

/** Adds Harbor's features to the calls of one client, around the SDK's own methods. */
export class ClientCalls implements DirectSendContext {
  readonly templates: RequestTemplates
  readonly fetch: typeof globalThis.fetch
  readonly #client: SdkClient
  readonly #parts: ClientCallsParts
  readonly #binding: SdkBinding

  /** @param client a client whose class was passed to `bindToSdk` */
  constructor(client: object, parts: ClientCallsParts) {
    this.#client = client as SdkClient
    this.#binding = (client as { readonly [BINDING]: SdkBinding })[BINDING]
    this.#parts = parts
    this.templates = parts.templates
    this.fetch = parts.fetch
  }

  /**
   * Prepares the options of a call for the SDK, and turns off the SDK's own retries.
   * @param slot the object in which the receipt of the call will be stored
   */
  begin(options: RequestOptions | Promise<RequestOptions>, slot: ReceiptSlot): Promise<RequestOptions> {
    return Promise.resolve(options).then((given) => {
      slot.helper = helperSignal(given)
      return this.#moveRetries(given, slot)
    })
  }

  /** Attaches the receipt to the result of a call, or to its error. */
  finish<Result>(promise: APIPromise<Result>, slot: ReceiptSlot): APIPromise<Result> {
    this.attachToError(promise, slot)
    return this.#parts.fastPathOff === undefined ? parseOnce(promise) : withReceipt(promise)
  }

  /**
   * Attaches the receipt to the error of a call, and explains connection errors. An error of a call that the caller aborted gets no
   * receipt.
   */
  attachToError(promise: APIPromise<unknown>, slot: ReceiptSlot): void {
    promise.asResponse().catch((error: unknown) => {
      const { receipt } = slot
      if (receipt && receipt.outcome !== 'aborted') attachReceipt(error, receipt)
      explainConnectionError(error)
    })
  }

  /** Sends a call without the SDK, if that is possible. @returns undefined, or a promise of undefined, if the SDK has to make the call */
  send(options: CallOptions): Promise<SdkResult | undefined> | undefined {
    return this.whyNotDirect() === undefined ? sendDirectly(this.#client, options, this) : undefined
  }

  /** Called with a request that the SDK is about to send. Learns a template from the request, and attaches the call context to it. */
  prepare(request: RequestInit, options: CallOptions, url: string): void {
    if (isSignedAgain(request)) return
    // A request that a hook may have changed is never learned, since another client may not have the hook.
    if (this.whyNotDirect() === undefined) this.templates.learn(this.#client, options, url, request)
    this.attachCallContext(request, options)
  }

  /** Attaches the facts about a call to its request that Harbor's `fetch` needs, such as the options of `perCall()`. */
  attachCallContext(request: RequestInit, options: CallOptions): void {
    const { [MAX_ATTEMPTS]: maxAttempts, [SLOT]: slot } = options as CarriedOptions
    const perCall = perCallOf(options) ?? {}
    const policy = this.#parts.policy.current
    setCallContext(request, {
      policy: policyFor(policy, {
        totalMs: perCall.deadlineMs ?? options.timeout ?? this.#client.timeout,
        maxAttempts: maxAttempts ?? this.#maxAttempts(),
        timeouts: perCall.timeouts,
        runLimit: perCall.runLimit,
      }),
      callerSignal: options.signal ?? undefined,
      perCall,
      log: this.#parts.log,
      signer: this.#signer(request, options),
      keys: policy.routes.clientKeys && this.#keysFor(options, request.headers),
      ownRetryCount: isGivenHeader(this.#client, options, RETRY_COUNT_HEADER),
      slot,
      alreadySent: takeSettledResponse(options),
    })
  }

  /**
   * Whether the pipeline calls the key function of this client, for each attempt. Otherwise a function that fails or hangs would end the call before
   * another target could take over. Hooks of the user's class expect a signed request, and a `fetch` of the user sends it as it is.
   */
  get signsLater(): boolean {
    return this.#client.fetch === this.fetch && !this.#hasHooks && Boolean(keyFunctionOf(this.#client))
  }

  /** Returns the reason why the SDK has to make the calls; undefined if Harbor may send them directly. It is checked for each call. */
  whyNotDirect(): string | undefined {
    const { logLevel, fetch, constructor } = this.#client
    const { fastPathOff } = this.#parts
    if (fastPathOff !== undefined) return fastPathOff
    if (constructor !== this.#binding.Class) return 'the client is of a class of your own'
    if (fetch !== this.fetch) return 'fetch was replaced'
    // At these log levels, the SDK logs each request.
    if (logLevel === 'info' || logLevel === 'debug') return `logLevel is ${logLevel}`
    const replaced = replacedMethod(this.#binding.methods, this.#client)
    return replaced === undefined ? undefined : `${replaced} was replaced`
  }

  /** Returns the headers that identify this client, and whether the client has a key. */
  identified(): Identified & { readonly hasKey: boolean } {
    const { apiKey, organization, project } = this.#client
    const { defaultHeaders } = createdWith(this.#client)
    const signer = this.#signer({}, SAMPLE_REQUEST)
    // The client's `apiKey` may not be set yet, since a key function is called only with the first request.
    const key = signer?.credential === undefined ? apiKey : 'from a function'
    const hasKey = Boolean(apiKey) || Boolean(keyFunctionOf(this.#client))
    const headers = clientHeaders({ apiKey: key, organization, project, defaultHeaders })
    return { headers, signer, keys: this.#keysFor(SAMPLE_REQUEST, headers), hasKey }
  }

  /** Returns the name of a scope in the cache. What is not given is that of this client, whose default scope is that of its credential. */
  async scope(given: ScopeOfAnswers): Promise<string> {
    const { routes, cache = DEFAULT_RULES, labels: own } = this.#parts.policy.current
    const labels = withLabels(own, given.labels)
    const scope = given.scope ?? cache.scope
    if (scope !== undefined) return scopeName(scope, scopeLabelsText(labels, cache))
    const { req } = await buildWithSdk(this.#client, SAMPLE_REQUEST)
    const headers = new Headers(req.headers)
    const keys = this.#keysFor(SAMPLE_REQUEST, headers)
    const request = { headers, keys, signer: this.#signer(req, SAMPLE_REQUEST) }
    const plan = routes.planFor(undefined, this.#client.baseURL, operationOfBody({}))
    return this.#parts.scopes.of(request, { scope, labels }, cache, plan).name
  }

  #signer(request: RequestInit, options: CallOptions): Signer | undefined {
    return signerOf(this.#client, options, request, this.#hasHooks)
  }

  /** Returns the keys of the client's own provider; undefined if it has only one, or the request carries another credential. */
  #keysFor(options: CallOptions, headers: RequestInit['headers']): KeyList | undefined {
    const { clientKeys } = this.#parts.policy.current.routes
    return clientKeys && carriesOwnKey(this.#client, options, headers, this.#hasHooks)
      ? clientKeys
      : undefined
  }

  get #hasHooks(): boolean {
    return hasSigningHooks(this.#client, this.#binding.Class)
  }

  /**
   * Returns the maximum number of attempts. It is the value set by `configure()`, or else one more than the `maxRetries` of the SDK's
   * client, which the user may change at any time.
   */
  #maxAttempts(): number {
    const { policy } = this.#parts
    return policy.overridesRetry ? policy.current.maxAttempts : this.#client.maxRetries + 1
  }

  /**
   * Turns the SDK's own retries off, and stores the maximum number of attempts in Harbor's own property of the options. The request for the
   * next page of a list reuses these options, so it has the same maximum.
   */
  #moveRetries(options: RequestOptions, slot: ReceiptSlot): RequestOptions {
    const { maxRetries, [MAX_ATTEMPTS]: kept } = options as RequestOptions & CarriedOptions
    const { fastPathOff } = this.#parts
    const deadlineMs = perCallOf(options)?.deadlineMs
    const carried: RequestOptions & CarriedOptions = {
      ...options,
      // The SDK's own timer, which takes whole milliseconds only, must not end the call before its deadline.
      ...(deadlineMs !== undefined && { timeout: Math.ceil(deadlineMs) }),
      maxRetries: 0,
      ...(fastPathOff === undefined && decodedBy(options, ParsedStream)),
      [MAX_ATTEMPTS]: kept ?? (maxRetries === undefined ? this.#maxAttempts() : maxRetries + 1),
      [SLOT]: slot,
    }
    return carried
  }
}

/**
 * Returns the signal of the SDK helper that makes a call, such as `chat.completions.stream()` or `runTools()`. Each helper has its own
 * controller and passes its signal with all its calls, so the signal identifies the helper.
 * @returns undefined if no helper makes the call
 */
function helperSignal(options: CallOptions): AbortSignal | undefined {
  const { signal } = options
  return signal && typeof metadataOf(options)?.['helperMethod'] === 'string' ? signal : undefined
}

/** The environment variable that turns the fast path off for all clients of the process. Its value for that is `plain`. */
const FAST_PATH_VARIABLE = 'HARBOR_OPENAI_SDK'

/**
 * Decides whether a client uses the fast path, which bypasses private methods of the SDK. It consists of direct sends, request templates,
 * parsing JSON only once, and parsed streams.
 * @returns the reason why the client does not use it; undefined if it does
 */
export function whyNoFastPath(
  { sdkFastPath }: Pick<HarborOptions, 'sdkFastPath'>,
  environment: NodeJS.ProcessEnv,
  log: Log,
): string | undefined {
  const { [FAST_PATH_VARIABLE]: value = '' } = environment
  if (value === 'plain') return `${FAST_PATH_VARIABLE}=plain`
  if (value !== '') log('warn', () => `${FAST_PATH_VARIABLE} must be 'plain' or not set, and is ignored.`)
  return sdkFastPath === false ? 'sdkFastPath: false' : undefined
}
