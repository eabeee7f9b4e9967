import { isRecord, type Facts } from './facts.ts'
import type { FailureKind } from './failure.ts'
import { msUntilPacificMidnight } from './pacific-midnight.ts'

/** The information in the `details` of an error of a Google API. */
export interface GoogleFacts {
  /** The kind of the failure; undefined if the details are not enough to decide. */
  readonly kind: FailureKind | undefined
  /** How long the server asks clients to wait, or the time until the exhausted quota is renewed, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** `model` if every exhausted quota is a quota per model. */
  readonly quotaOf?: 'model' | undefined
  /** The reasons that the details contain, such as `API_KEY_INVALID`. */
  readonly reasons: readonly string[]
}

/** The maximum number of details that are read, and of violations in one detail. */
const MAX_ITEMS = 32
const MAX_TEXT_LENGTH = 200

/** Matches the names and units of daily quotas: `GenerateRequestsPerDayPerProjectPerModel`, `requests_per_day`, `1/d/{project}`. */
const DAY = /per[\s_-]*day|daily|\b1\/d\b/i
const LONGER = /per[\s_-]*(?:week|month|year)|weekly|monthly|yearly|\b1\/(?:wk|mo|y)\b/i

/**
 * Reads the `details` of an error of a Google API: the time to wait in `RetryInfo`, the exhausted quotas in `QuotaFailure`, and the reason
 * in `ErrorInfo`. Details are recognised by their fields, because gateways remove their types.
 * Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
 *
 * An exhausted quota for a day or longer is a failure of kind `quota`. For a daily quota, the time in `RetryInfo` is ignored: Gemini sends
 * half a minute there, although the quota is renewed only at midnight in California.
 */
export function readGoogleDetails(details: unknown, nowMs: number = Date.now()): GoogleFacts | undefined {
  if (!Array.isArray(details)) return undefined
  const reasons: string[] = []
  const quotas: string[] = []
  let waitMs: number | undefined
  let resetMs: number | undefined
  for (const detail of firstOf(details)) {
    const { reason, retryDelay, metadata, violations } = detail
    if (typeof reason === 'string' && reason.length <= MAX_TEXT_LENGTH) reasons.push(reason)
    waitMs = durationMs(retryDelay) ?? waitMs
    const facts = isRecord(metadata) ? metadata : {}
    resetMs = durationMs(facts.quotaResetDelay) ?? resetMs
    for (const source of [facts, ...firstOf(violations)])
      for (const field of ['quota_limit', 'quota_unit', 'quotaId', 'quotaMetric'])
        quotas.push(textOf(source[field]))
  }
  const usedUp = quotas.filter((quota) => DAY.test(quota) || LONGER.test(quota))
  if (usedUp.length > 0 || reasons.includes('QUOTA_EXHAUSTED')) {
    const isDaily = usedUp.some((quota) => DAY.test(quota))
    return {
      kind: 'quota',
      retryAfterMs: resetMs ?? (isDaily ? msUntilPacificMidnight(nowMs) : waitMs),
      ...(usedUp.length > 0 && usedUp.every((quota) => /model/i.test(quota)) && { quotaOf: 'model' }),
      reasons,
    }
  }
  const isOverload = reasons.includes('MODEL_CAPACITY_EXHAUSTED')
  return { kind: isOverload ? 'overloaded' : undefined, retryAfterMs: waitMs ?? resetMs, reasons }
}

/** The longest duration that is accepted as valid, in seconds: a year. */
const MAX_SECONDS = 366 * 24 * 60 * 60

/**
 * Reads a duration and returns it in milliseconds. Accepts the JSON form of `google.protobuf.Duration` (`36s`, `1.5s`), its fields
 * (`{ seconds, nanos }`), and durations with hours and minutes (`5h59m59.9s`).
 */
function durationMs(value: unknown): number | undefined {
  if (isRecord(value)) {
    const { seconds = 0, nanos = 0 } = value
    return bounded(Number(seconds) + Number(nanos) / 1e9)
  }
  const [matched, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(textOf(value)) ?? []
  return matched ? bounded(Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) : undefined
}

const DURATION = /^(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9}(?:\.\d{1,18})?)s)?$/

function bounded(seconds: number): number | undefined {
  return seconds >= 0 && seconds <= MAX_SECONDS ? Math.ceil(seconds * 1_000) : undefined
}

function firstOf(list: unknown): readonly Facts[] {
  return Array.isArray(list) ? list.slice(0, MAX_ITEMS).filter(isRecord) : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT_LENGTH) : ''
}
