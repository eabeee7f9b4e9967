import type { ClientOptions } from 'openai'
import * as is from '../base/check.ts'
import { observersOrFalse } from './observers.ts'
import type { HarborOptions } from './options.ts'
import type { PerCallOptions } from './per-call-options.ts'

/**
 * The places, besides `new Harbor()`, where an option may be given. `fetch`: in `createHarborFetch()`. `copy`: in `withOptions()`, which
 * makes a copy of a client. `configure`: in `configure()`, which changes options at run time.
 */
type Place = 'fetch' | 'copy' | 'configure'

/** How an option of the client is checked, and where it may be given. */
interface ClientOption {
  /** Checks the value that is given to the client. */
  readonly client: is.Check
  /** Where it may be given besides `new Harbor()`; empty for nowhere else. */
  readonly in: readonly Place[]
}

/** How an option of `perCall()` is checked. */
interface CallOption {
  /** Checks the value that is given to `perCall()`. */
  readonly perCall: is.Check
}

const EVERYWHERE = ['fetch', 'copy', 'configure'] as const
/** The places for options of the state that a client and its copies share, such as the pool. A copy cannot change them. */
const SHARED = ['fetch'] as const
const COPY = ['copy'] as const

const ON_STREAM_FAILURE = is.oneOf('error', 'resume', 'continue')

/**
 * Harbor's own options: how each is checked, and where it may be given. To add an option, add a line here, and its documentation in
 * `options.ts`.
 */
export const HARBOR_OPTIONS = {
  retry: { client: is.anObjectOrFalse, in: EVERYWHERE },
  timeouts: { client: is.anObjectOrFalse, in: EVERYWHERE, perCall: is.anObjectOfTimeouts },
  providers: { client: is.anObject, in: EVERYWHERE },
  models: { client: is.anObject, in: EVERYWHERE },
  fallback: { client: is.chains, in: EVERYWHERE, perCall: is.aListOrFalse },
  contextWindowFallback: { client: is.chains, in: EVERYWHERE },
  contentPolicyFallback: { client: is.chains, in: EVERYWHERE },
  order: { client: is.aFunction, in: EVERYWHERE, perCall: is.aFunction },
  breaker: { client: is.anObjectOrFalse, in: SHARED },
  health: { client: is.anObjectOrFalse, in: SHARED },
  onStreamFailure: { client: ON_STREAM_FAILURE, in: EVERYWHERE, perCall: ON_STREAM_FAILURE },
  hedge: { client: is.anObjectOrFalse, in: EVERYWHERE, perCall: is.anObjectOrFalse },
  lastResort: { client: is.aFunctionOrFalse, in: EVERYWHERE, perCall: is.aFunctionOrFalse },
  attemptsBeforeFallback: { client: is.aCount, in: EVERYWHERE },
  maxUpstreamCalls: { client: is.aCount, in: EVERYWHERE },
  maxAnswerBytes: { client: is.aByteCount, in: ['fetch', 'copy'] },
  spendLimit: { client: is.aListOrObjectOrFalse, in: EVERYWHERE },
  limits: { client: is.anObjectOrFalse, in: ['fetch', 'configure'] },
  fleet: { client: is.aFleetOrFalse, in: SHARED },
  telemetry: { client: observersOrFalse, in: EVERYWHERE, perCall: observersOrFalse },
  labels: { client: is.aRecord, in: ['fetch', 'copy'], perCall: is.aRecord },
  captureContent: { client: is.anObjectOrFalse, in: EVERYWHERE },
  cache: {
    client: is.aSwitchOrOptions,
    in: EVERYWHERE,
    perCall: is.oneOf('default', 'bypass', 'refresh', 'only-if-cached'),
  },
  embeddingBatch: { client: is.aSwitchOrOptions, in: SHARED },
  prefetch: { client: is.aSwitchOrOptions, in: SHARED },
  alerts: { client: is.aListOfAlertsOrFalse, in: SHARED },
  pool: { client: is.aPoolOrOptions, in: SHARED },
  sdkFastPath: { client: is.aBoolean, in: COPY },
} as const satisfies Record<
  Exclude<keyof HarborOptions, keyof ClientOptions>,
  ClientOption & Partial<CallOption>
>

const NEEDS_SDK_FETCH = is.refused("it needs the SDK's own fetch, which Harbor replaces")

/** The options of the SDK's client. */
const SDK_OPTIONS = {
  apiKey: { client: is.aKey, in: COPY },
  adminAPIKey: { client: is.aString, in: COPY },
  organization: { client: is.aString, in: COPY },
  project: { client: is.aString, in: COPY },
  webhookSecret: { client: is.aString, in: COPY },
  baseURL: { client: is.anHttpUrl, in: COPY },
  dataResidency: { client: is.anything, in: COPY },
  timeout: { client: is.finiteMs, in: ['fetch', 'copy'] },
  maxRetries: { client: is.wholeNumber, in: ['fetch', 'copy'] },
  fetch: { client: is.aFunction, in: ['fetch', 'copy'] },
  fetchOptions: { client: is.anObject, in: COPY },
  defaultHeaders: { client: is.anObject, in: COPY },
  defaultQuery: { client: is.anObject, in: COPY },
  dangerouslyAllowBrowser: { client: is.aBoolean, in: COPY },
  logLevel: { client: is.oneOf('off', 'error', 'warn', 'info', 'debug'), in: ['fetch', 'copy'] },
  logger: { client: is.anObject, in: ['fetch', 'copy'] },
  provider: { client: NEEDS_SDK_FETCH, in: [] },
  workloadIdentity: { client: NEEDS_SDK_FETCH, in: [] },
  x509Transport: { client: NEEDS_SDK_FETCH, in: [] },
  credential: { client: NEEDS_SDK_FETCH, in: [] },
} as const satisfies Record<keyof ClientOptions, ClientOption>

/** The options that exist only for a single call. */
const CALL_OPTIONS = {
  semantic: { perCall: is.onlyFalse },
  ttlMs: { perCall: is.aWeight },
  tags: { perCall: is.aListOfStrings },
  scope: { perCall: is.aName },
  session: { perCall: is.aName },
  priority: { perCall: is.aNumber },
  deadlineMs: { perCall: is.aDeadline },
  prefer: { perCall: is.oneOf('cheapest') },
  onReceipt: { perCall: is.aFunction },
  onResponseId: { perCall: is.aFunction },
} as const satisfies Record<string, CallOption>

/** All options, with their checks and the places where they may be given. */
export const OPTION_SCOPE = {
  ...HARBOR_OPTIONS,
  ...SDK_OPTIONS,
  ...CALL_OPTIONS,
} as const satisfies Record<keyof HarborOptions, ClientOption> & Record<keyof PerCallOptions, CallOption>

/** The table of all options, as a type. */
type Scopes = typeof OPTION_SCOPE

/** The names of the options that may be given in this place. */
export type OptionsIn<Where extends Place> = {
  [Name in keyof Scopes]: Scopes[Name] extends { readonly in: readonly (infer Given)[] }
    ? Where extends Given
      ? Name
      : never
    : never
}[keyof Scopes]

const ROWS: readonly (readonly [name: string, scope: Partial<ClientOption & CallOption>])[] =
  Object.entries(OPTION_SCOPE)

/** The checks of the options of a client, by the name of the option. */
export const CLIENT_CHECKS = checksFor('client')
/** The checks of the options of `perCall()`, by the name of the option. */
export const PER_CALL_CHECKS = checksFor('perCall')

/** Returns the names of the client options that may also be given in this place. */
export function optionsIn(place: Place): readonly string[] {
  return ROWS.flatMap(([name, scope]) => (scope.in?.includes(place) ? [name] : []))
}

function checksFor(column: 'client' | 'perCall'): Readonly<Record<string, is.Check>> {
  return Object.fromEntries(ROWS.flatMap(([name, { [column]: check }]) => (check ? [[name, check]] : [])))
}
