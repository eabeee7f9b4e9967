import { OpenAI, type APIPromise } from 'openai'
import type { BulkRun, BulkSource } from '@harbor/batch'
import type { PrefetchListOptions, PrefetchReport } from '@harbor/cache'
import type { Stream } from 'openai/streaming'
import { keptAnswers, type KeptAnswers } from './cache/kept-answers.ts'
import { checkBulk, type HarborBulkOptions } from './bulk/bulk-options.ts'
import type { BulkAnswer, BulkRequest } from './bulk/bulk-request.ts'
import { directBulk } from './bulk/direct-bulk.ts'
import { providerBulk } from './bulk/provider-bulk.ts'
import type { Identified } from './call/identity.ts'
import type { Signer } from './call/signer.ts'
import { cacheRules } from './options/cache-options.ts'
import { clientHeaders } from './openai-sdk/client-headers.ts'
import { RETRY_COUNT_HEADER } from './transport/retry-count-header.ts'
import {
  hasHooks,
  isGivenHeader,
  isSignedAgain,
  keyFunctionOf,
  noteWritten,
  signerOf,
  type SigningClient,
} from './openai-sdk/signing.ts'
import { setCallContext, type ReceiptSlot } from './call/call-context.ts'
import { closeEngine, createEngine, engineOf, type Engine } from './engine.ts'
import { OptionError } from './base/errors.ts'
import { explainConnectionError } from './base/explain-connection-error.ts'
import { createLog } from './telemetry/log.ts'
import type { CloseOptions } from './options/close-options.ts'
import { mergeOptions } from './policy/merge-options.ts'
import type { HarborOptions } from './options/options.ts'
import { perCallOf } from './options/per-call.ts'
import { LivePolicy, refuseOthers, type Reconfigurable } from './policy/live-policy.ts'
import { explain, type Explanation } from './explain.ts'
import { helperSignal } from './openai-sdk/helper-signal.ts'
import { parseResults } from './openai-sdk/parse-once.ts'
import { askAhead, type PrefetchRequest } from './prefetch/ask-ahead.ts'
import { attachReceipt } from './reporting/receipt.ts'
import { policyFor, settleOptions, splitOptions, type OwnOptions } from './policy/settle-options.ts'
import type { CallOptions, Client } from './openai-sdk/request-templates.ts'
import { takeOutcome, takeShortWay, type Lent } from './openai-sdk/direct-send.ts'
import type { Target } from './reporting/target.ts'
import { ParsedStream } from './openai-sdk/parsed-stream.ts'
import type { HarborStats } from './stats.ts'
import type { HarborEvents } from './telemetry/telemetry.ts'

type FinalRequestOptions = Parameters<OpenAI['request']>[0] extends infer Given ? Awaited<Given> : never

/** How many attempts a call may have; kept through the SDK, whose own retries are off. */
const ATTEMPTS: unique symbol = Symbol('harbor.attempts')
/** Where the receipt of a call is found when its error carries no headers. */
const SLOT: unique symbol = Symbol('harbor.slot')

/** Stands for a request of the client that none of its callers made. */
const OWN_REQUEST = { method: 'post', path: '/chat/completions' } as const
/** Scopes are named without a cache, too. */
const DEFAULT_RULES = cacheRules({})

interface OwnedRequest {
  [ATTEMPTS]?: number
  [SLOT]?: ReceiptSlot
}

/**
 * The OpenAI SDK's client, with Harbor under its `fetch`: every method, helper, type, stream and error is the SDK's
 * own, and every call is retried, bounded in time, guarded and accounted for. Copies made by `withOptions` share
 * the connections and the statistics.
 */
export class Harbor extends OpenAI {
  static {
    // By `this`: a class that names itself inside its body is renamed by the bundler, also in the user agent.
    takeShortWay(this, (client) => client.#lent)
  }

  readonly #engine: Engine
  readonly #policy: LivePolicy
  readonly #options: OwnOptions
  readonly #log = createLog(this)
  readonly #lent: Lent

  /**
   * @param options the SDK's own options and Harbor's sections
   * @throws OptionError for an unknown option or a value that makes no sense
   * @throws OpenAIError when no API key is given and `OPENAI_API_KEY` is not set
   */
  constructor(options: HarborOptions = {}) {
    const settled = settleOptions(options)
    const { sdk, own } = splitOptions(options)
    const engine = engineOf(options.fetch) ?? createEngine(options, settled, createLog(sdk))
    super({ ...settled.sdk, fetch: engine.fetch })
    this.#engine = engine
    this.#policy = new LivePolicy({ ...sdk, ...own }, settled.policy, engine.changes)
    this.#options = own
    this.#lent = {
      known: engine.knownRequests,
      fetch: engine.fetch,
      prepare: (request, options) => this.#tell(request, options),
    }
  }

  /** What this client and its copies have done so far. */
  stats(): HarborStats {
    return this.#engine.stats()
  }

  /**
   * Listens to what happens to calls. A listener that throws changes nothing.
   * @returns a function that takes the listener off again
   */
  on<Event extends keyof HarborEvents>(
    event: Event,
    listener: (event: HarborEvents[Event]) => void,
  ): () => void {
    return this.#engine.telemetry.on(event, listener)
  }

  /**
   * What holds for this client's calls, and with the body of a request, whom it would be sent to now. Sends nothing.
   * @param request such as `{ model: 'gpt-4' }`
   */
  explain(request?: object): Explanation {
    const { baseURL, apiKey } = this
    const body = request && { ...request }
    const { health, twins } = this.#engine
    const transport = this.#engine.explainTransport()
    const client = {
      baseURL,
      hasKey: Boolean(apiKey) || keyFunctionOf(this as unknown as SigningClient) !== undefined,
      ...this.#identified(),
    }
    return explain(this.#policy.current, { health, twins, transport }, client, body)
  }

  /**
   * Changes targets, chains, weights and limits while calls are made, for this client and all its copies: what is given here
   * goes before the options they were made with. Calls under way end as they began.
   * @throws OptionError for what cannot change at run time, or makes no sense; then nothing has changed
   */
  configure(changes: Reconfigurable): void {
    refuseOthers(changes)
    const { changes: made } = this.#engine
    this.#policy.with({ ...made.all, ...changes })
    made.add(changes)
  }

  /** What this client and its copies keep of answers, to be forgotten by hand. */
  get cache(): KeptAnswers {
    return keptAnswers(
      () => this.#engine.answers.open(),
      () => this.#policy.current.cache?.scope ?? this.#ownScope(),
    )
  }

  /**
   * Asks for answers before anybody else does, and keeps them in the cache. What is there already, or is not to be kept, is not asked.
   * @param requests each as a line of a batch file has it: `{ url: '/v1/chat/completions', body }`
   * @param options how many at once (4), how many a minute, and whether callers go first
   * @returns what became of them; one that fails is counted, and ends nothing
   * @throws OptionError when the client has no cache
   */
  async prefetch(
    requests: Iterable<PrefetchRequest>,
    options?: PrefetchListOptions,
  ): Promise<PrefetchReport> {
    if (!this.#policy.current.cache) {
      throw new OptionError(
        'cache',
        'prefetch() fills the cache, and this client has none. Give it cache: true.',
      )
    }
    return askAhead(this, requests, options, (signal) => this.#engine.answers.open().idle(signal))
  }

  /**
   * Asks many requests, so many at once, in memory that does not depend on how many there are. With a `journal` the run goes on where it
   * was interrupted: each request has one result, and a call that was under way is made again.
   *
   *     const run = harbor.bulk(requests, { journal: 'answers.jsonl' })
   *     for await (const result of run) console.log(result.id, result.ok ? result.value.body : result.error)
   *
   * @param source read as there is room; each request as a line of a batch file has it
   * @returns a run that begins when it is iterated or its `summary` is asked for. When `spendLimit` is reached, it ends with that error
   * @throws OptionError, TypeError for an option that does not exist, makes no sense or would do nothing
   */
  bulk(source: BulkSource<BulkRequest>, options: HarborBulkOptions = {}): BulkRun<BulkAnswer> {
    checkBulk(options)
    const { accounts } = this.#engine
    if (options.via !== 'provider') return directBulk(this, accounts.list, source, options)
    const targetOf = (model: string | undefined): Target => {
      const [target] = this.#policy.current.routes.onlyTarget(model, this.baseURL).outage
      if (!target) throw new Error('A plan has at least the target that was asked for.')
      return target
    }
    return providerBulk({ client: this, accounts, targetOf }, source, options)
  }

  /**
   * Closes this client and its copies. Requests that were sent are awaited, streams included. Calls that only wait, for a limit or their
   * next attempt, and calls made later are refused at once with `code: 'client_closed'`. Then the connections are closed, unless they
   * belong to a pool that was given.
   *
   * @param options how long requests that were sent may go on: `graceMs`, 30 seconds by default
   * @returns resolves when all is closed; a second call returns the same promise. Rejects with OptionError for an option that makes no sense
   */
  close(options: CloseOptions = {}): Promise<void> {
    return closeEngine(this.#engine, options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A copy with other options, on the same connections, health and statistics, so that `pool`, `breaker` and `health` cannot change. */
  override withOptions(changes: Partial<HarborOptions>): this {
    return super.withOptions(mergeOptions(this.#options, changes, this.maxRetries))
  }

  override request<Result>(
    options: FinalRequestOptions | Promise<FinalRequestOptions>,
    remainingRetries: number | null = null,
  ): APIPromise<Result> {
    const slot: ReceiptSlot = {}
    const owned = Promise.resolve(options).then((given) => {
      slot.helper = helperSignal(given)
      return this.#own(given, slot)
    })
    const promise = super.request<Result>(owned, remainingRetries)
    this.#tagErrors(promise, slot)
    return parseResults(promise)
  }

  /** Lists come by this way, past `request`. */
  override requestAPIList = ((Page, options) => {
    const slot: ReceiptSlot = {}
    const owned = Promise.resolve(options).then((given) => this.#own(given, slot))
    const pages = super.requestAPIList(Page, owned)
    this.#tagErrors(pages, slot)
    return pages
  }) as OpenAI['requestAPIList']

  override async buildRequest(
    ...given: Parameters<OpenAI['buildRequest']>
  ): ReturnType<OpenAI['buildRequest']> {
    const built = await super.buildRequest(...given)
    noteWritten(built.req)
    return built
  }

  protected override async prepareRequest(
    request: RequestInit,
    { url, options }: { url: string; options: FinalRequestOptions },
  ): Promise<void> {
    if (isSignedAgain(request)) return
    this.#engine.knownRequests.learn(this as unknown as Client, options, url, request)
    this.#tell(request, options)
  }

  /** Tells the engine what `fetch` alone could not know of a call. */
  #tell(request: RequestInit, options: CallOptions): void {
    const { [ATTEMPTS]: maxAttempts, [SLOT]: slot } = options as OwnedRequest
    const perCall = perCallOf(options) ?? {}
    setCallContext(request, {
      policy: policyFor(this.#policy.current, {
        totalMs: options.timeout ?? this.timeout,
        maxAttempts: maxAttempts ?? this.#attempts(),
        timeouts: perCall.timeouts,
      }),
      callerSignal: options.signal ?? undefined,
      asked: perCall,
      log: this.#log,
      signer: this.#signer(request, options),
      ownRetryCount: isGivenHeader(this as unknown as Client, options, RETRY_COUNT_HEADER),
      slot,
      outcome: takeOutcome(options),
    })
  }

  /** Whose answers are kept when nobody says otherwise: those of the credential that the SDK signs with. */
  async #ownScope(): Promise<string> {
    const { req } = await this.buildRequest(OWN_REQUEST)
    const { routes, cache = DEFAULT_RULES } = this.#policy.current
    const request = { headers: new Headers(req.headers), signer: this.#signer(req, OWN_REQUEST) }
    return this.#engine.scopes.of(request, undefined, cache, routes.planFor(undefined, this.baseURL)).name
  }

  /** Undefined when requests stay as they are signed: with a key that is a text, and without hooks of the user's own. */
  #signer(request: RequestInit, options: CallOptions): Signer | undefined {
    return signerOf(this as unknown as SigningClient, options, request, hasOwnHooks(this))
  }

  /** By what this client's requests are told from those of others. */
  #identified(): Identified {
    const { apiKey, organization, project } = this
    const { defaultHeaders } = (this as unknown as { _options: { defaultHeaders?: unknown } })._options
    const signer = this.#signer({}, OWN_REQUEST)
    // A key that a function makes need not be there yet.
    const key = signer?.credential === undefined ? apiKey : 'made for each request'
    return { headers: clientHeaders({ apiKey: key, organization, project, defaultHeaders }), signer }
  }

  /** As `configure()` set them, or else the SDK's own field, which may be written at any time. */
  #attempts(): number {
    return this.#engine.changes.all.retry === undefined
      ? this.maxRetries + 1
      : this.#policy.current.maxAttempts
  }

  /** Takes the retries out of the SDK's hands. A following page reuses its options, so what is there is kept. */
  #own(options: FinalRequestOptions, slot: ReceiptSlot): FinalRequestOptions {
    const { [ATTEMPTS]: kept } = options as OwnedRequest
    const { stream, __streamClass = stream ? (ParsedStream as typeof Stream) : undefined } = options
    const owned: FinalRequestOptions & OwnedRequest = {
      ...options,
      maxRetries: 0,
      ...(__streamClass && { __streamClass }),
      [ATTEMPTS]: kept ?? (options.maxRetries === undefined ? this.#attempts() : options.maxRetries + 1),
      [SLOT]: slot,
    }
    return owned
  }

  /** Ties the receipt to the error, where it has no headers that carry it. An abort is the caller's own and gets none. */
  #tagErrors(promise: APIPromise<unknown>, slot: ReceiptSlot): void {
    promise.asResponse().catch((error: unknown) => {
      const { receipt } = slot
      if (receipt && receipt.outcome !== 'aborted') attachReceipt(error, receipt)
      explainConnectionError(error)
    })
  }
}

/** Outside the class, which would get another name in a bundle if it named itself: the user agent shows it. */
function hasOwnHooks(client: Harbor): boolean {
  return hasHooks(client, Harbor)
}
