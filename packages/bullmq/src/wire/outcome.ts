import { assertJson, type CallReport } from '@harbor/batch'
import { CrashesWorkerError, PayloadTooLargeError } from './errors.ts'
import { readSentError, sentErrorOf, type SentError } from './item-error.ts'

/** The maximum length of a result as JSON, in characters. */
const MAX_RESULT_LENGTH = 64 * 1024 * 1024
/** The maximum number of requests and tokens that a worker can report for one item. */
const MAX_COUNT = 1_000_000_000_000

/** How a job has ended at a worker. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown; readonly report: CallReport }
  | {
      readonly ok: false
      readonly error: unknown
      readonly report: CallReport
      /** Set if the worker can send no more requests of this run at all, because its spend limit is reached. */
      readonly endsRun?: true | undefined
    }
  /** The run was stopped before the item was sent. */
  | { readonly unsent: true }
  /** The item has killed too many workers. */
  | { readonly kills: number }

/** An outcome as JSON, for Redis. A value that JSON cannot represent, or that is too large, becomes a failure of the item. */
export function encodeOutcome(outcome: Outcome): string {
  if (!('ok' in outcome)) return JSON.stringify(outcome)
  if (!outcome.ok) {
    const { report, error, endsRun } = outcome
    return JSON.stringify({ report, error: sentErrorOf(error), ...(endsRun && { endsRun }) })
  }
  const { report, value } = outcome
  try {
    assertJson(value)
    const text = JSON.stringify({ ok: true, report, value })
    if (text.length <= MAX_RESULT_LENGTH) return text
    throw new PayloadTooLargeError('result', MAX_RESULT_LENGTH, text.length)
  } catch (error) {
    return JSON.stringify({ report, error: sentErrorOf(error) })
  }
}

/** Reads an outcome that another process has written. What is no outcome becomes a failure of the item. */
export function decodeOutcome(text: string): Outcome {
  let fields: Partial<Record<'ok' | 'value' | 'error' | 'report' | 'endsRun' | 'unsent' | 'kills', unknown>>
  try {
    fields = Object(JSON.parse(text)) as typeof fields
  } catch {
    fields = {}
  }
  const { ok, value, error, unsent, kills, endsRun } = fields
  if (unsent === true) return { unsent }
  if (isCount(kills)) return { kills }
  const report = reportOf(fields.report)
  if (ok === true) return { ok, value, report }
  const sent: unknown = error ?? ({ name: 'Error', message: UNREADABLE } satisfies SentError)
  return { ok: false, error: readSentError(sent), report, ...(endsRun === true && { endsRun }) }
}

/** @throws the error of an outcome without a value */
export function valueOf(outcome: Exclude<Outcome, { unsent: true }>): unknown {
  if ('kills' in outcome) throw new CrashesWorkerError(outcome.kills)
  if (outcome.ok) return outcome.value
  throw outcome.error
}

const UNREADABLE = 'the worker has sent a result that cannot be read'

/** The parts of a report that the run can use. */
function reportOf(value: unknown): CallReport {
  const { attempts, usage, status, retryAfterMs, observed } = Object(value) as Partial<
    Record<keyof CallReport, unknown>
  >
  const { input, output } = Object(usage) as { input?: unknown; output?: unknown }
  return {
    ...(isCount(attempts) && { attempts }),
    ...(isCount(input) && isCount(output) && { usage: { input, output } }),
    ...(isCount(status) && { status }),
    ...(isCount(retryAfterMs) && { retryAfterMs }),
    // The rate limiter checks each number itself, since headers of providers are no better.
    ...(typeof observed === 'object' && observed !== null && { observed: observed }),
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_COUNT
}
