import type { OpenAI } from 'openai'
import type { RunLimit } from './run-limit.ts'
import type { SendGate } from './send-gate.ts'
import { copyLabels } from './labels.ts'
import type { PerCallOptions } from './per-call-options.ts'
import { checkPerCall } from './check-options.ts'

/** The symbol under which the SDK's request options carry Harbor's options for one call. */
const PER_CALL: unique symbol = Symbol('harbor.perCall')

/**
 * Makes request options for the SDK that carry Harbor's options for one call. Spread the result to add the SDK's own options.
 *
 *     harbor.chat.completions.create(body, perCall({ onReceipt: console.log }))
 *     harbor.chat.completions.create(body, { ...perCall({ timeouts: { idleMs: 5_000 } }), signal })
 *
 * @throws OptionError for an unknown option or an invalid value
 */
export function perCall(options: PerCallOptions): OpenAI.RequestOptions {
  checkPerCall(options)
  return { [PER_CALL]: settled(options) } as OpenAI.RequestOptions
}

/** Returns the checked options of a call, with a copy of what the caller may change later. */
export function settled(options: PerCallOptions): PerCallOptions {
  return options.labels ? { ...options, labels: copyLabels(options.labels) } : options
}

/** The options of one call: those of its caller, and those that Harbor adds. */
export interface PerCall extends PerCallOptions {
  /** Whether the call is a prefetch: no caller waits for it, and its answer only fills the cache. */
  readonly isPrefetch?: boolean | undefined
  /** Can cancel the call while none of its requests is on the wire. Used by bulk runs. */
  readonly gate?: SendGate | undefined
  /** The spend limit of the bulk run to which the call belongs, in addition to those of the client. */
  readonly runLimit?: RunLimit | undefined
}

/**
 * Adds a gate to request options. The gate can cancel the call while none of its requests is on the wire.
 * @param more further options of the call, which override those in `options`
 */
export function gated(
  options: OpenAI.RequestOptions,
  gate: SendGate,
  more: Pick<PerCall, 'runLimit' | 'fallback'> = {},
): OpenAI.RequestOptions {
  const perCall: PerCall = { ...perCallOf(options), ...more, gate }
  return { ...options, [PER_CALL]: perCall } as OpenAI.RequestOptions
}

/** Makes the request options of a prefetch. */
export function prefetchOptions(options: PerCallOptions): OpenAI.RequestOptions {
  const perCall: PerCall = { ...settled(options), isPrefetch: true }
  return { [PER_CALL]: perCall } as OpenAI.RequestOptions
}

export function perCallOf(options: object): PerCall | undefined {
  return (options as { [PER_CALL]?: PerCall })[PER_CALL]
}
