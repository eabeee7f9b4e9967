import type { OpenAI } from 'openai'
import type { SendGate } from './send-gate.ts'
import type { PerCallOptions } from './options.ts'
import { checkPerCall } from './check-options.ts'

/** Under this symbol a call's own wishes travel through the SDK's request options. */
const PER_CALL: unique symbol = Symbol('harbor.perCall')

/**
 * Wishes for one call, to be given where the SDK takes request options; spread it to add the SDK's own.
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

/** What one call asks for: its caller's wishes, and our own. */
export interface Asked extends PerCallOptions {
  /** Nobody has asked yet: the answer is for the cache. */
  readonly ahead?: boolean | undefined
  /** Calls the request off while it is not sent: for bulk runs. */
  readonly gate?: SendGate | undefined
}

/** The request options of a call that may be called off, and all that they ask for otherwise. */
export function gated(options: OpenAI.RequestOptions, gate: SendGate): OpenAI.RequestOptions {
  const asked: Asked = { ...perCallOf(options), gate }
  return { ...options, [PER_CALL]: asked } as OpenAI.RequestOptions
}

/** A call of Harbor's own. */
export function askedAhead(options: PerCallOptions): OpenAI.RequestOptions {
  const asked: Asked = { ...options, ahead: true }
  return { [PER_CALL]: asked } as OpenAI.RequestOptions
}

export function perCallOf(options: object): Asked | undefined {
  return (options as { [PER_CALL]?: Asked })[PER_CALL]
}
