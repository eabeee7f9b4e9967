/**
 * The four timeouts of a call. `total` is the option `timeout`; `attempt`, `first-token` and `idle` are the fields of the option
 * `timeouts`.
 */
export type ClockName = 'total' | 'attempt' | 'first-token' | 'idle'

const SITUATION: Record<ClockName, (ms: number) => string> = {
  total: (ms) =>
    `the call took longer than ${ms} ms in all. Raise \`timeout\` or \`deadlineMs\`, or ask for less`,
  attempt: (ms) => `one attempt took longer than ${ms} ms. Raise \`attemptMs\` if the model needs longer`,
  'first-token': (ms) =>
    `the stream brought no content within ${ms} ms. Raise \`firstTokenMs\` if the model needs longer`,
  idle: (ms) => `the stream brought no content for ${ms} ms. Raise \`idleMs\` if the model needs longer`,
}

/**
 * The error for a call that exceeded one of Harbor's timeouts. With the SDK, callers get an `APIConnectionTimeoutError` whose `cause` is
 * this error. The message contains the words "timed out", by which the SDK recognises a timeout.
 */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  /** Always `timeout`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'timeout'
  /** Which timeout it was: `total` is the option `timeout`; `attempt`, `first-token` and `idle` are fields of `timeouts`. */
  readonly clock: ClockName
  /** The value of the limit that was exceeded, in milliseconds. */
  readonly limitMs: number

  constructor(clock: ClockName, limitMs: number, cause?: unknown) {
    super(
      `Request timed out: ${SITUATION[clock](Math.round(limitMs))}.`,
      cause === undefined ? {} : { cause },
    )
    this.clock = clock
    this.limitMs = limitMs
  }

  /** Whether `error` is a timeout of Harbor, including one from another copy of this package. */
  static is(error: unknown): error is TimeoutError {
    return hasCode(error, 'timeout') && 'clock' in error
  }
}

/**
 * The error for an invalid option: it is unknown, of the wrong type, out of range, or contradicts another option. Thrown where the option is given,
 * before anything is sent.
 */
export class OptionError extends TypeError {
  override readonly name = 'OptionError'
  /** Always `invalid_option`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'invalid_option'
  /** The name of the invalid option, such as `timeouts.idleMs`. */
  readonly option: string

  constructor(option: string, message: string) {
    super(message)
    this.option = option
  }

  /** Whether `error` is an `OptionError`, including one from another copy of this package. */
  static is(error: unknown): error is OptionError {
    return hasCode(error, 'invalid_option')
  }
}

/**
 * The error for a broken stream: it ended without proof that it is complete, broke a rule of its protocol, stalled, or reported an error.
 */
export class StreamFaultError extends Error {
  override readonly name = 'StreamFaultError'
  /**
   * The kind of fault: `stream_incomplete`, `stream_malformed` or `stream_stalled`, or the provider's own code if it reported the error.
   */
  readonly code: string
  /** Who found the fault: the provider, which reported it inside the stream, or Harbor, which detected it. */
  readonly origin: 'provider' | 'harbor'
  /** The HTTP status in the provider's error; undefined if it named none, or Harbor found the fault. */
  readonly status: number | undefined

  constructor(code: string, message: string, facts: StreamFaultFacts = {}) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause })
    this.code = code
    this.origin = facts.origin ?? 'harbor'
    this.status = facts.status
  }

  /** Whether `error` is a fault of a stream, including one from another copy of this package. */
  static is(error: unknown): error is StreamFaultError {
    return error instanceof Error && error.name === 'StreamFaultError' && 'code' in error
  }
}

/** The messages of `ClientClosedError`, by the state of the call. */
const CLOSED = {
  waiting:
    'This client is closed: the call was waiting, and not on the wire. Make it with another client; its receipt shows earlier attempts.',
  late: 'This client is closed: the call was not sent. Make it with another client.',
  sent:
    'This client is closed: the request took longer than graceMs of close(), and was aborted. It may have been billed. ' +
    'Raise graceMs, or make it with another client.',
} as const

/**
 * The error for a call whose client was closed before or during the call. With the SDK, callers get an `APIError` with status 503 and this
 * `code`. A stream that had already begun fails with this error.
 */
export class ClientClosedError extends Error {
  override readonly name = 'ClientClosedError'
  /** Always `client_closed`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'client_closed'
  /**
   * Whether a request of the call was on the wire when the client was closed. If true, the request may have been billed. If false, the call
   * was waiting or had not begun, and can be made with another client.
   */
  readonly sent: boolean

  /**
   * @param when the state of the call when the client was closed. `waiting`: it waited for a limit or its next attempt. `sent`: a request was on the
   * wire. `late`: it began after the client was closed
   */
  constructor(when: keyof typeof CLOSED) {
    super(CLOSED[when])
    this.sent = when === 'sent'
  }

  /** Whether `error` says that a client was closed, including one from another copy of this package. */
  static is(error: unknown): error is ClientClosedError {
    return hasCode(error, 'client_closed') && error.name === 'ClientClosedError'
  }
}

/**
 * The error for a redirect that Harbor refuses to follow. The caller gets an answer with status 502, unless the request has `redirect:
 * 'error'`.
 * @internal
 */
export class RedirectRefusedError extends Error {
  override readonly name = 'RedirectRefusedError'
  readonly code = 'redirect_refused'

  /** @param event what happened to the request, such as "was redirected from https to http" */
  constructor(event: string) {
    super(`The request ${event}, so it was not followed. Use the final address as baseURL.`)
  }

  static is(error: unknown): error is RedirectRefusedError {
    return hasCode(error, 'redirect_refused')
  }
}

/** What is known of a fault of a stream, for the constructor of StreamFaultError. */
interface StreamFaultFacts {
  /** Who found the fault: `provider` or `harbor`. @default 'harbor' */
  readonly origin?: StreamFaultError['origin']
  /** The HTTP status in the provider's error. @default undefined */
  readonly status?: number | undefined
  /** The error that caused it. @default none */
  readonly cause?: unknown
}

export function hasCode(error: unknown, code: string): error is Error {
  return error instanceof Error && 'code' in error && error.code === code
}
