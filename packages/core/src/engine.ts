import { CacheLayer } from './layers/cache.ts'
import { type ExplainedTransport } from './transport/wire.ts'
import { OptionError } from './base/errors.ts'
import { graceMsOf, type CloseOptions } from './options/close-options.ts'
import type { ExplainedFleet } from './explanation.ts'
import { KeyLayers } from './layers/key.ts'
import { Accounts } from './cost/accounts.ts'
import type { Ledger } from './cost/spend-limit.ts'
import { SeparatingHeaders } from './cache/separating-headers.ts'
import { Scopes } from './cache/scopes.ts'
import { LivePolicy, RuntimeOverrides } from './policy/live-policy.ts'
import type { PerCall } from './options/per-call.ts'
import { RequestTemplates } from './openai-sdk/request-templates.ts'
import { type HarborStats } from './stats.ts'
import { StickyTargets } from './routing/sticky-targets.ts'
import { KeyRings } from './routing/key-rings.ts'
import { Health } from './routing/health.ts'
import { Telemetry } from './telemetry/telemetry.ts'

/** The pipeline of a client and its state, which the client shares with all its copies. */
export interface Engine {
  readonly fetch: typeof globalThis.fetch
  /** Makes a `fetch` that shares the state of this engine, and whose calls have these options. */
  fetchWith(perCall: PerCall): typeof globalThis.fetch
  readonly telemetry: Telemetry
  readonly health: Health
  /** What Harbor has learned about the keys of providers with several keys, such as their limits. */
  readonly rings: KeyRings
  readonly keys: KeyLayers
  readonly sticky: StickyTargets
  readonly cache: CacheLayer
  readonly scopes: Scopes
  readonly separatingHeaders: SeparatingHeaders
  readonly accounts: Accounts
  readonly ledger: Ledger
  readonly templates: RequestTemplates
  /** The policy of the client, or of the `fetch`, for which the engine was created. */
  readonly policy: Pick<LivePolicy, 'current'>
  /** The options changed by `configure()`. They apply to the client and all its copies. */
  readonly overrides: RuntimeOverrides
  explainTransport(): ExplainedTransport
  /** What the client shares with other processes; undefined without a fleet. */
  explainFleet(): ExplainedFleet | undefined
  stats(): HarborStats
  /**
   * Closes the pipeline.
   * @param graceMs how long to wait for requests that were already sent, in milliseconds
   */
  close(graceMs: number): Promise<void>
}

/**
 * The key of the property in which a Harbor `fetch` stores its engine. A copy of a client finds the engine there, and uses the same one.
 */
export const ENGINE: unique symbol = Symbol('harbor.engine')

/** Returns the engine of a `fetch`; undefined if the function is not Harbor's. */
export function engineOf(fetch: unknown): Engine | undefined {
  return typeof fetch === 'function' ? (fetch as { [ENGINE]?: Engine })[ENGINE] : undefined
}

/** Closes an engine. @returns the same promise each time; it rejects with OptionError for an invalid option */
export function closeEngine(engine: Engine, options: CloseOptions): Promise<void> {
  try {
    return engine.close(graceMsOf(options))
  } catch (error) {
    if (!OptionError.is(error)) throw error
    return Promise.reject(error)
  }
}
