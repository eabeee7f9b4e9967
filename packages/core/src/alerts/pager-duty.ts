import { hash } from '../base/hash.ts'
import { hostname } from 'node:os'
import { OptionError } from '../base/errors.ts'
import type { AlertNotice } from '../reporting/alert.ts'
import { poster, type WebhookOptions } from './post-notice.ts'

/** Options of `pagerDuty`: the address, and the source and severity of the incidents that it opens. */
export interface PagerDutyOptions extends WebhookOptions {
  /** The address of the Events API. @default 'https://events.pagerduty.com/v2/enqueue' */
  url?: string | undefined
  /**
   * What the alert is about, such as a service or a pod. Alerts with the same name and the same source are one incident, or one for each subject, such as the circuit of a target. @default the name
   * of the host
   */
  source?: string | undefined
  /** How urgent the incident is, in PagerDuty's words: `critical`, `error`, `warning` or `info`. @default 'error' */
  severity?: 'critical' | 'error' | 'warning' | 'info' | undefined
}

const EVENTS_URL = 'https://events.pagerduty.com/v2/enqueue'
/** The maximum length of a summary in the Events API, in characters. */
const MAX_SUMMARY = 1_024
/** The maximum length of a key that identifies an incident in the Events API, in characters. */
const MAX_DEDUP_KEY = 255

/**
 * Returns a `notify` function for alerts, which triggers an incident of PagerDuty when an alert fires, and resolves the same incident when the alert
 * is resolved. The function rejects if the notice is not delivered in at most three attempts; Harbor then emits a process warning. Closing the client
 * does not resolve an incident.
 *
 * @param routingKey the integration key of a service that uses the Events API v2. It is not part of any message
 * @throws OptionError if the routing key is empty, or the URL is not an absolute http or https address
 */
export function pagerDuty(
  routingKey: string,
  { url = EVENTS_URL, source = hostname(), severity = 'error', ...options }: PagerDutyOptions = {},
): (notice: AlertNotice) => Promise<void> {
  if (typeof routingKey !== 'string' || routingKey === '') {
    throw new OptionError('routingKey', 'routingKey must be the integration key of a PagerDuty service.')
  }
  const post = poster('PagerDuty API', url, options)
  return (notice) => {
    const event = {
      routing_key: routingKey,
      event_action: notice.state === 'firing' ? 'trigger' : 'resolve',
      dedup_key: dedupKey(`harbor/${source}/${notice.name}`, notice.subject),
      payload: {
        summary: notice.text.slice(0, MAX_SUMMARY).toWellFormed(),
        source,
        severity,
        timestamp: new Date(notice.since).toISOString(),
        custom_details: detailsOf(notice),
      },
    }
    return post(notice, event)
  }
}

/** Returns the key of an incident: the same for its trigger and its resolution, and another one for each subject of an alert. */
function dedupKey(alert: string, subject: string | undefined): string {
  const key = subject === undefined ? alert : `${alert}/${subject}`
  if (key.length <= MAX_DEDUP_KEY) return key
  const digest = hash(key, 'hex')
  return `${key.slice(0, MAX_DEDUP_KEY - digest.length - 1)}/${digest}`.toWellFormed()
}

/** The figures of the window. Without the statistics of each target, which may be more than the Events API accepts. */
function detailsOf({ stats }: AlertNotice): Record<string, unknown> {
  const { windowMs, calls, availability, latencyMs, spentUsd, budgets, openForMs } = stats
  return { windowMs, calls, availability, latencyMs, spentUsd, budgets, openForMs }
}
