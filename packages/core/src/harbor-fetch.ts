import { createEngine } from './create-engine.ts'
import { closeEngine, type Engine } from './engine.ts'
import { OptionError } from './base/errors.ts'
import { cachedAnswers, type CachedAnswers, type ScopeOfAnswers } from './cache/cached-answers.ts'
import { scopeName } from './cache/scopes.ts'
import { scopeLabelsText } from './options/scope-labels.ts'
import { costReport } from './cost/cost-report.ts'
import type { CostReportOptions, CostRow } from './reporting/cost-row.ts'
import { spendOf, type SpendPot } from './cost/spend-pots.ts'
import type { Labels } from './reporting/labels.ts'
import { createLog } from './telemetry/log.ts'
import type { CloseOptions } from './options/close-options.ts'
import { optionsIn, type OptionsIn } from './options/option-scope.ts'
import { checkPerCall } from './options/check-options.ts'
import { checkLabels, withLabels } from './options/labels.ts'
import type { HarborOptions } from './options/options.ts'
import { settled } from './options/per-call.ts'
import type { PerCallOptions } from './options/per-call-options.ts'
import { defined, settleOptions } from './policy/settle-options.ts'
import type { HarborStats } from './stats.ts'
import type { HarborEvents } from './telemetry/telemetry.ts'

/**
 * The options of `createHarborFetch()`. Keys, headers and base URLs are not among them: they are options of the SDK that uses the `fetch`.
 */
export type HarborFetchOptions = Pick<HarborOptions, OptionsIn<'fetch'>>

/** A `fetch` whose calls go through Harbor's pipeline. Created by `createHarborFetch`. */
export interface HarborFetch {
  /**
   * Sends a request, as the standard `fetch` does. A failure of the provider is an ordinary `Response` with its status. The promise rejects if there
   * was no answer, and after an abort with the reason of the signal.
   */
  (input: string | URL | Request, init?: RequestInit): Promise<Response>
  /**
   * Makes a copy whose calls have these options. It is for SDKs in which `perCall()` cannot be used. The copy shares all state: connections,
   * circuits, limits, cache and statistics. If `with()` is called on a copy, each option that is given replaces the same option of the copy. Of
   * `timeouts`, only the fields that are given are replaced. Labels are added to those of the copy.
   *
   *     anthropic.withOptions({ fetch: harborFetch.with({ fallback: ['claude-haiku-4-5'] }) })
   *
   * @throws OptionError for an unknown option or an invalid value
   */
  with(options: PerCallOptions): HarborFetch
  /** Returns the statistics since the `fetch` was created, its copies included. The object is a snapshot. */
  stats(): HarborStats
  /**
   * Returns what the calls cost, in US dollars: one row for each target, or for what `by` names (`provider`, `model`, labels). The rows add up to the
   * values in `stats()`.
   *
   * @throws OptionError if `by` is not a list of names
   */
  costReport(options?: CostReportOptions): CostRow[]
  /**
   * Returns how much of the spend limits is used and left in their current periods, in US dollars. There is one entry for each limit; a limit with
   * `by` has one for each value of its label with money spent or reserved. For a copy made by `with({ labels })`, only its own value of such a label
   * is returned.
   *
   * @param labels returns only the entries of these labels, such as `{ tenant: 'acme' }`
   * @throws OptionError for an invalid label
   */
  spend(labels?: Labels): SpendPot[]
  /**
   * Adds a listener for an event of the calls: see `HarborEvents`. An error that a listener throws does not affect the call; the first one causes a
   * process warning. Returns a function that removes the listener.
   */
  on<Event extends keyof HarborEvents>(
    event: Event,
    listener: (event: HarborEvents[Event]) => void,
  ): () => void
  /**
   * The cached answers, with methods to remove them. Unless the option `cache.scope` is set, pass a `scope` to them, because this `fetch` has no
   * credential that identifies the owner of the answers. Only `clear()` without options needs none.
   */
  readonly cache: CachedAnswers
  /**
   * Closes the pipeline. Requests that were sent may take `graceMs` longer (30 seconds by default). Waiting calls and later calls are
   * refused with a 503 of `code: 'client_closed'`. At the end, the connections are closed, unless they belong to a pool passed in the
   * options. A second call returns the same promise.
   */
  close(options?: CloseOptions): Promise<void>
  /** The same as `close()` without options, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The options that only a `Harbor` client has, and that `createHarborFetch()` therefore refuses. */
const CLIENT_OPTIONS = optionsIn('copy').filter((name) => !optionsIn('fetch').includes(name))

const FOR_FETCH = { isFetch: true }

/**
 * Creates a `fetch` with Harbor's pipeline, for any client that accepts a `fetch`: another SDK, a framework, or your own calls. Turn off
 * the retries of that client (`maxRetries: 0`), since only one place should retry.
 *
 * @throws OptionError for an unknown option or an invalid value
 */
export function createHarborFetch(options: HarborFetchOptions = {}): HarborFetch {
  const misplaced = CLIENT_OPTIONS.find((name) => name in options)
  if (misplaced)
    throw new OptionError(
      misplaced,
      `${misplaced} belongs to the client that uses this fetch; give it there.`,
    )
  const settled = settleOptions(options, FOR_FETCH)
  const engine = createEngine(options, settled, createLog(options), FOR_FETCH)
  return fetchOf(engine, options, {})
}

function fetchOf(engine: Engine, options: HarborFetchOptions, perCall: PerCallOptions): HarborFetch {
  const fetch = engine.fetchWith(perCall)
  return Object.assign(fetch, {
    Response, // for the SDK, as in engine.ts
    with(given: PerCallOptions) {
      checkPerCall(given)
      const both = merged(perCall, settled(given))
      checkLabels(both.labels)
      return fetchOf(engine, options, both)
    },
    stats: () => engine.stats(),
    costReport: (options: CostReportOptions = {}) => costReport(engine.accounts.table, options),
    spend: (labels?: Labels) => {
      const { spendLimits, labels: own } = engine.policy.current
      return spendOf(engine.ledger, { spendLimits, labels: withLabels(own, perCall.labels) }, labels)
    },
    cache: cachedAnswers(engine.cache, (given) =>
      scopeOf({ ...options, labels: withLabels(options.labels, perCall.labels) }, given),
    ),
    on: engine.telemetry.on.bind(engine.telemetry),
    close: (options: CloseOptions = {}) => closeEngine(engine, options),
    [Symbol.asyncDispose]: () => closeEngine(engine, {}),
  })
}

/** Merges the options of a copy with those of a further `with()`. An option whose value is undefined counts as not given. */
function merged(before: PerCallOptions, given: PerCallOptions): PerCallOptions {
  const timeouts = { ...before.timeouts, ...defined(given.timeouts ?? {}) }
  return {
    ...before,
    ...defined(given),
    ...(Object.keys(timeouts).length > 0 && { timeouts }),
    ...(given.labels && { labels: withLabels(before.labels, given.labels) }),
  }
}

function scopeOf({ cache, labels }: HarborFetchOptions, given: ScopeOfAnswers): string {
  const { scope: own, scopeBy = [] } = typeof cache === 'object' ? cache : {}
  const scope = given.scope ?? own
  if (scope !== undefined)
    return scopeName(scope, scopeLabelsText(withLabels(labels, given.labels), { scopeBy }))
  throw new OptionError(
    'scope',
    'The scope of the answers is missing: pass { scope }, or set cache.scope in createHarborFetch().',
  )
}
