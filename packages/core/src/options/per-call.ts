import type { OpenAI } from 'openai'
import type { SendGate } from './send-gate.ts'
import type { PerCallOptions } from './options.ts'
import { checkPerCall } from './check-options.ts'

/** Under this symbol the options of one call are carried through the SDK's request options. */
const PER_CALL: unique symbol = Symbol('harbor.perCall')

/**
 * Harbor's options for one call, passed where the SDK takes request options. Spread the result to add the SDK's own options.
 *
 *     harbor.chat.completions.create(body, perCall({ onReceipt: console.log }))
 *     harbor.chat.completions.create(body, { ...perCall({ timeouts: { idleMs: 5_000 } }), signal })
 *
 * @throws OptionError for an unknown option or a value that makes no sense
 */
export function perCall(options: PerCallOptions): OpenAI.RequestOptions {
  checkPerCall(options)
  return { [PER_CALL]: options } as OpenAI.RequestOptions
}

/** The options of one call: its caller's, and Harbor's own. */
export interface PerCall extends PerCallOptions {
  /** A prefetch: no caller waits, the answer is for the cache. */
  readonly ahead?: boolean | undefined
  /** Cancels the call as long as its request is not sent; for bulk runs. */
  readonly gate?: SendGate | undefined
}

/** Adds a gate to request options: the call can then be cancelled as long as its request is not sent. */
export function gated(options: OpenAI.RequestOptions, gate: SendGate): OpenAI.RequestOptions {
  const perCall: PerCall = { ...perCallOf(options), gate }
  return { ...options, [PER_CALL]: perCall } as OpenAI.RequestOptions
}

/** The request options of a prefetch. */
export function prefetchOptions(options: PerCallOptions): OpenAI.RequestOptions {
  const perCall: PerCall = { ...options, ahead: true }
  return { [PER_CALL]: perCall } as OpenAI.RequestOptions
}

export function perCallOf(options: object): PerCall | undefined {
  return (options as { [PER_CALL]?: PerCall })[PER_CALL]
}
