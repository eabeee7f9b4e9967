import type { CallReceipt } from '../observed.ts'
import type { Attempt, Failure } from '../observed-attempt.ts'

/** All values of `error.type` besides HTTP statuses from 400 to 599, and what each means. */
export const ERROR_TYPES = {
  'timeout:attempt': 'one attempt took longer than `timeouts.attemptMs`',
  'timeout:first-token': 'a stream had no content within `timeouts.firstTokenMs`',
  'timeout:idle': 'a stream paused for longer than `timeouts.idleMs`',
  'timeout:total': 'the call took longer than `timeout`',
  connection: 'the connection failed, or broke before the answer was complete',
  stream_incomplete: 'a stream ended without proof that its answer is complete',
  stream_stalled: 'a stream stalled after its first content',
  malformed_answer: 'the answer is not valid',
  rate_limited_local: "Harbor's own limits or queues had no room",
  breaker_open: 'no target was available, because of open circuits or cooldowns',
  spend_limit: 'a spend limit had no room, or the price is unknown',
  aborted: 'the caller aborted, or the client was closed',
  _OTHER: 'anything else',
} as const

/** The statuses that callers get for failures that are reported in the body of an answer, without a status of their own. */
const STATUS_OF_KIND: Readonly<Record<string, string>> = {
  'bad-request': '400',
  'context-length': '400',
  'content-filter': '400',
  auth: '401',
  'not-found': '404',
  conflict: '409',
  'rate-limit': '429',
  quota: '429',
  server: '500',
  overloaded: '503',
}

/** The values for failures of kinds that have no status. */
const TYPE_OF_KIND: Readonly<Record<string, keyof typeof ERROR_TYPES>> = {
  aborted: 'aborted',
  network: 'connection',
  malformed: 'malformed_answer',
}

/** The values for codes of Harbor. */
const TYPE_OF_CODE: Readonly<Record<string, keyof typeof ERROR_TYPES>> = {
  breaker_open: 'breaker_open',
  local_rate_limit: 'rate_limited_local',
  malformed_answer: 'malformed_answer',
  queue_timeout: 'rate_limited_local',
  queue_full: 'rate_limited_local',
  spend_limit: 'spend_limit',
  stream_incomplete: 'stream_incomplete',
  stream_malformed: 'malformed_answer',
  stream_stalled: 'stream_stalled',
}

const isLost = ({ code }: Failure): boolean => code === 'lost_hedge'

/** Returns `error.type` of an attempt; undefined if it succeeded, is in flight, or was aborted because a hedge was faster. */
export function attemptErrorType({ failure, status }: Attempt): string | undefined {
  return failure && !isLost(failure) ? typeOf(failure, failure.status ?? status) : undefined
}

/** Returns `error.type` of a call; undefined if it succeeded. */
export function callErrorType({ outcome, failure, attempts }: CallReceipt): string | undefined {
  if (outcome === 'success' || outcome === 'pending') return undefined
  if (outcome === 'aborted') return 'aborted'
  const last = attempts.at(-1)
  const cause = failure ?? last?.failure
  return cause ? typeOf(cause, cause.status ?? (failure ? undefined : last?.status)) : '_OTHER'
}

/** Returns how an attempt ended: `ok`, `error`, `timeout`, `aborted`, or `lost` to a hedge. */
export function attemptOutcome({ failure }: Attempt): 'ok' | 'error' | 'timeout' | 'aborted' | 'lost' {
  if (!failure) return 'ok'
  if (isLost(failure)) return 'lost'
  return failure.kind === 'aborted' || failure.kind === 'timeout' ? failure.kind : 'error'
}

function typeOf({ kind, code, clock }: Failure, status: number | undefined): string {
  if (kind === 'aborted') return 'aborted'
  const timeout = `timeout:${clock ?? ''}`
  if (timeout in ERROR_TYPES) return timeout
  if (
    kind !== 'refused' &&
    status !== undefined &&
    status >= 400 &&
    status <= 599 &&
    Number.isInteger(status)
  )
    return String(status)
  const byCode =
    kind === 'refused' || kind === 'stream' || kind === 'malformed' ? own(TYPE_OF_CODE, code) : undefined
  if (byCode !== undefined) return byCode
  // A connection that could not be opened in time.
  if (kind === 'timeout') return 'connection'
  return own(TYPE_OF_KIND, kind) ?? own(STATUS_OF_KIND, kind) ?? '_OTHER'
}

function own(values: Readonly<Record<string, string>>, name: string | undefined): string | undefined {
  return name !== undefined && Object.hasOwn(values, name) ? values[name] : undefined
}
