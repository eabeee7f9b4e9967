import { OpenAI, type APIPromise } from 'openai'
import type { BulkRun, BulkSource } from '@harbor/batch'
import type { PrefetchListOptions, PrefetchReport } from '@harbor/cache'
import { OptionError } from './base/errors.ts'
import { autoBulk, type AutoBulkRun } from './bulk/auto/auto-bulk.ts'
import type { BulkPlan } from './bulk/auto/bulk-plan.ts'
import type { AutoParts } from './bulk/auto/read-items.ts'
import { checkBulk, type HarborBulkOptions } from './bulk/bulk-options.ts'
import type { BulkAnswer, BulkRequest } from './bulk/bulk-request.ts'
import { directBulk } from './bulk/direct-bulk.ts'
import { providerBulk } from './bulk/provider-bulk.ts'
import { cachedAnswers, type CachedAnswers } from './cache/cached-answers.ts'
import type { ReceiptSlot } from './call/call-context.ts'
import { spendOf, type SpendPot } from './cost/spend-pots.ts'
import { createEngine } from './create-engine.ts'
import { closeEngine, engineOf, type Engine } from './engine.ts'
import { costReport } from './cost/cost-report.ts'
import { explain } from './explain.ts'
import type { ExplainedCall, Explanation } from './explanation.ts'
import { bindToSdk, ClientCalls, whyNoFastPath } from './openai-sdk/client-calls.ts'
import type { RequestOptions } from './openai-sdk/contract.ts'
import type { CloseOptions } from './options/close-options.ts'
import type { HarborOptions } from './options/options.ts'
import { LivePolicy, type Reconfigurable } from './policy/live-policy.ts'
import { mergeOptions } from './policy/merge-options.ts'
import { settleOptions, splitOptions, type OwnOptions } from './policy/settle-options.ts'
import { prefetchRequests, type PrefetchRequest } from './prefetch/prefetch-requests.ts'
import { operationOfBody } from './protocols/registry.ts'
import type { CostReportOptions, CostRow } from './reporting/cost-row.ts'
import { NO_LABELS, type Labels } from './reporting/labels.ts'
import type { Target } from './reporting/target.ts'
import { requestedOf } from './targets/plan.ts'
import type { HarborStats } from './stats.ts'
import { createLog } from './telemetry/log.ts'
import type { HarborEvents } from './telemetry/telemetry.ts'

/**
 * The client of the OpenAI SDK, whose calls go through Harbor: retries, timeouts, circuit breakers, checks of streams, and a receipt for
 * each call. Methods, helpers, types, streams and errors are those of the SDK. Copies made with `withOptions` share connections and
 * statistics.
 */
export class Harbor extends OpenAI {
  static {
    // `this`, not `Harbor`: the bundler renames a class that names itself in its own body, and the user agent would show that name.
    bindToSdk(this, (client) => client.#calls)
  }

  readonly #engine: Engine
  readonly #policy: LivePolicy
  readonly #options: OwnOptions
  readonly #calls: ClientCalls

  /**
   * @param options the options of the SDK's client, and Harbor's own
   * @throws OptionError for an unknown option or an invalid value
   * @throws OpenAIError when no API key is given and `OPENAI_API_KEY` is not set
   */
  constructor(options: HarborOptions = {}) {
    const settled = settleOptions(options)
    const { sdk, own } = splitOptions(options)
    const engine = engineOf(options.fetch) ?? createEngine(options, settled, createLog(sdk))
    super({ ...settled.sdk, fetch: engine.fetch })
    const log = createLog(this)
    this.#engine = engine
    this.#policy = new LivePolicy({ ...sdk, ...own }, settled.policy, engine.overrides)
    this.#options = own
    this.#calls = new ClientCalls(this, {
      policy: this.#policy,
      templates: engine.templates,
      scopes: engine.scopes,
      fetch: engine.fetch,
      log,
      fastPathOff: whyNoFastPath(options, process.env, log),
    })
  }

  /** Returns the statistics of this client and its copies since the client was created. The object is a snapshot: it does not change later. */
  stats(): HarborStats {
    return this.#engine.stats()
  }

  /**
   * Returns what the calls of this client and its copies cost, grouped by target, provider, model or labels. The rows add up to the values in
   * `stats()`. The cost of an attempt counts for the target that was called, even if the attempt failed or lost to a hedge.
   *
   *     const rows = harbor.costReport({ by: ['tenant', 'model'] })
   *     await writeFile('costs.csv', toCsv(rows))
   *
   * @param options `by`: what the rows are grouped by
   * @returns the rows, the most expensive first. A call without a label counts under the value `''`. At most 10,000 combinations of a target and
   * values of labels are counted separately. In further combinations, the value of the label with the most values is counted as `other`
   * @throws OptionError if `by` is not a list of names
   */
  costReport(options: CostReportOptions = {}): CostRow[] {
    return costReport(this.#engine.accounts.table, options)
  }

  /**
   * Returns how much of the spend limits is used and left in their current periods, in US dollars. In a `fleet` that shares spend limits, it is
   * the money of all processes, as far as this one knows: from the latest reply, plus what this process has spent since. A process without
   * calls gets no replies.
   * @param labels returns only the entries of these labels, such as `{ tenant: 'acme' }`: one for each limit whose `by` is one of their names
   * @returns without `labels`, one entry for each limit. A limit with `by` has one entry for each value with money spent or reserved. If this client
   * itself has that label, such as a copy for one tenant, only its own value is returned. Empty without a spend limit
   * @throws OptionError for an invalid label
   */
  spend(labels?: Labels): SpendPot[] {
    return spendOf(this.#engine.ledger, this.#policy.current, labels)
  }

  /**
   * Adds a listener for an event of the calls of this client and its copies. An error that a listener throws does not affect the call; the first one
   * causes a process warning.
   *
   * @param event its name, such as `attempt` or `end`; `HarborEvents` lists them
   * @returns a function that removes the listener
   */
  on<Event extends keyof HarborEvents>(
    event: Event,
    listener: (event: HarborEvents[Event]) => void,
  ): () => void {
    return this.#engine.telemetry.on(event, listener)
  }

  /**
   * Describes the settings of this client's calls, and the targets to which a request would be sent now. Sends nothing.
   * @param request the body of a request, such as `{ model: 'gpt-4' }`. It may also be a body for Anthropic's or Google's API. Google's has
   * its model in the URL; add it as `model`. A body that could belong to both chat and the Messages API counts as chat.
   * @param call the `session`, `scope`, `labels` and `deadlineMs` of the call, as in `perCall()`
   */
  explain(request?: object, call: ExplainedCall = {}): Explanation {
    const { baseURL } = this
    const body = request && { ...request }
    const { health, separatingHeaders, rings, keys, sticky, ledger, accounts } = this.#engine
    const transport = this.#engine.explainTransport()
    const fleet = this.#engine.explainFleet()
    const { list } = accounts
    const state = { health, separatingHeaders, transport, fleet, rings, keys, sticky, ledger, list }
    const client = { baseURL, whyNotDirect: this.#calls.whyNotDirect(), ...this.#calls.identified() }
    return explain(this.#policy.current, state, client, body, call)
  }

  /**
   * Changes options such as `providers`, `fallback` and `limits` at run time, for this client and all its copies. The changes override the
   * options of the constructor and of `withOptions()`. Calls in flight keep their settings.
   * @throws OptionError for an option that cannot change at run time, or an invalid value; nothing is changed then
   */
  configure(changes: Reconfigurable): void {
    this.#policy.configure(changes)
    if (changes.providers) this.#engine.rings.forget()
  }

  /** The cached answers of this client and its copies, with methods to invalidate them. */
  get cache(): CachedAnswers {
    return cachedAnswers(this.#engine.cache, (given) => this.#calls.scope(given))
  }

  /**
   * Sends requests to cache their answers before a caller needs them. A request is not sent if its answer is already cached, or could not
   * be cached.
   * @param requests requests in the format of the Batch API: `{ url: '/v1/chat/completions', body }`
   * @param options the maximum number of requests at once (4 by default) and per minute, and whether they are sent only while no other
   * caller waits for an answer
   * @returns how many answers were added to the cache (`loaded`), were already cached (`present`) or were not cached (`refused`), and how many
   * requests `failed` or were `skipped`. A failed request does not end the run
   * @throws OptionError when the client has no cache
   */
  async prefetch(
    requests: Iterable<PrefetchRequest>,
    options?: PrefetchListOptions,
  ): Promise<PrefetchReport> {
    if (!this.#policy.current.cache) {
      throw new OptionError(
        'cache',
        'prefetch() needs the cache, which is off for this client. Set the option cache: true.',
      )
    }
    return prefetchRequests(this, requests, options, async (signal) => {
      const cache = await this.#engine.cache.open()
      await cache.idle(signal)
    })
  }

  /**
   * Sends many requests in constant memory, with a limit on the number of calls in flight. With a `journal`, an interrupted run can be
   * resumed: each request gets exactly one result, and calls that were in flight at the interruption are made again.
   *
   *     const run = harbor.bulk(requests, { journal: 'answers.jsonl' })
   *     for await (const result of run) console.log(result.id, result.ok ? result.value.body : result.error)
   *
   * @param source the requests, in the format of the Batch API; they are read only as fast as results are consumed
   * @returns a run that starts when it is iterated or its `summary` is awaited. It ends with an error when `spendLimit` is reached
   * @throws OptionError or TypeError for an unknown option, an invalid value, or an option without effect
   */
  bulk(source: BulkSource<BulkRequest>, options: HarborBulkOptions & { readonly via: 'auto' }): AutoBulkRun
  bulk(source: BulkSource<BulkRequest>, options?: HarborBulkOptions): BulkRun<BulkAnswer>
  bulk(source: BulkSource<BulkRequest>, given: HarborBulkOptions = {}): BulkRun<BulkAnswer> {
    const options = checkBulk(given)
    const { accounts, telemetry } = this.#engine
    const { via = 'direct' } = options
    const { labels = NO_LABELS } = this.#policy.current
    if (via === 'auto') {
      const auto = autoBulk(this.#autoParts(), source, options)
      telemetry.emit('bulk', { via, progress: () => auto.progress() })
      return auto
    }
    const targetOf = (model: string | undefined): Target =>
      requestedOf(this.#policy.current.routes.onlyTarget(model, this.baseURL, operationOfBody({})).outage)
    const run =
      via === 'provider'
        ? providerBulk({ client: this, accounts, labels, targetOf }, source, options)
        : directBulk(this, accounts.list, source, options)
    telemetry.emit('bulk', { via, progress: () => run.progress() })
    return run
  }

  /**
   * Returns what `bulk()` with `via: 'auto'` and these options would do: which requests go where, what they cost at most, and by when. Sends nothing,
   * and changes no file.
   *
   * @param source the requests, which are all read
   * @param given the options: those of `bulk()` with `via: 'auto'`
   * @throws OptionError for an unknown option, an invalid value, or a request that a bulk run cannot send; DuplicateIdError for an id that came before;
   * FingerprintMismatchError for a journal that was made with another `fingerprint`
   */
  async planBulk(
    source: BulkSource<BulkRequest>,
    given: HarborBulkOptions & { readonly via: 'auto' },
  ): Promise<BulkPlan> {
    const options = checkBulk(given)
    const parts = this.#autoParts()
    // Checks the options as the run does. A run that is not read does nothing.
    autoBulk(parts, source, options)
    const { planBulk } = await import('./bulk/auto/late.ts')
    return planBulk(parts, source, options)
  }

  #autoParts(): AutoParts {
    const { accounts, ledger } = this.#engine
    const { baseURL } = this
    const { labels = NO_LABELS } = this.#policy.current
    return {
      client: this,
      ...{ accounts, ledger, labels, baseURL },
      limits: () => this.#policy.current.spendLimits,
      routes: () => this.#policy.current.routes,
      quotas: () => this.#engine.stats().limits,
    }
  }

  /**
   * Closes this client and its copies. It waits for requests that were sent, streams included. Calls that wait for a limit or for their
   * next attempt, and later calls, are refused with `code: 'client_closed'`. At the end, the connections are closed, unless they belong to
   * a pool passed in the options.
   *
   * @param options `graceMs`: how long sent requests may take, in milliseconds; 30,000 by default
   * @returns a promise that resolves when everything is closed. A second call returns the same promise. Rejects with OptionError for an
   * invalid option
   */
  close(options: CloseOptions = {}): Promise<void> {
    return closeEngine(this.#engine, options)
  }

  /** The same as `close()` without options, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Makes a copy with other options; what is left out stays as in this client. The copy shares connections, health, limits, cache and statistics.
   *
   * @throws OptionError for an unknown option, an invalid value, or an option that all copies share, such as `pool`, `breaker` or `health`
   */
  override withOptions(changes: Partial<HarborOptions>): this {
    return super.withOptions(mergeOptions(this.#options, changes, this.maxRetries))
  }

  /** Makes a request, as in the SDK, whose methods call it. Overridden to attach Harbor's options for the call. */
  override request<Result>(
    options: RequestOptions | Promise<RequestOptions>,
    remainingRetries: number | null = null,
  ): APIPromise<Result> {
    const slot: ReceiptSlot = {}
    const promise = super.request<Result>(this.#calls.begin(options, slot), remainingRetries)
    return this.#calls.finish(promise, slot)
  }

  /** Requests a list, as in the SDK. Overridden because the SDK does not call `request` for a list. */
  override requestAPIList = ((Page, options) => {
    const slot: ReceiptSlot = {}
    const pages = super.requestAPIList(Page, this.#calls.begin(options, slot))
    this.#calls.attachToError(pages, slot)
    return pages
  }) as OpenAI['requestAPIList']
}
