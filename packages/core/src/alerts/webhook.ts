import { createRetry } from '@harbor/retry'
import { OptionError } from '../base/errors.ts'
import type { AlertNotice } from '../reporting/alert.ts'

export interface WebhookOptions {
  /** Additional headers, such as one with a token. */
  headers?: Record<string, string> | undefined
  /** The timeout of one attempt, in milliseconds. @default 5_000 */
  timeoutMs?: number | undefined
  /** The `fetch` to use. @default the global one */
  fetch?: typeof globalThis.fetch | undefined
}

/** The error for a webhook that answered with an HTTP error status. The message does not contain the address, which may be a secret. */
class WebhookError extends Error {
  override readonly name = 'WebhookError'
}

/**
 * Returns a `notify` function for alerts, which posts each notice as JSON: a `text` for people, and the values for programs. It rejects
 * after three failed attempts; Harbor then emits a process warning.
 * @throws OptionError if the URL is not an absolute http or https address
 */
export function webhook(url: string, options: WebhookOptions = {}): (notice: AlertNotice) => Promise<void> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new OptionError('url', 'The url of a webhook must be an absolute http or https address.')
  }
  const { headers = {}, timeoutMs = 5_000, fetch = globalThis.fetch } = options
  const retry = createRetry({ baseDelayMs: 500, maxAttempts: 3, attemptTimeoutMs: timeoutMs })
  return async (notice) => {
    const body = JSON.stringify({ text: textOf(notice), ...notice })
    await retry.run(async ({ signal }) => {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal,
      }
      const response = await fetch(url, init)
      await response.body?.cancel()
      if (!response.ok) {
        const error = new WebhookError(
          `The webhook for the alert ${notice.name} answered ${response.status}.`,
        )
        throw Object.assign(error, { status: response.status })
      }
    })
  }
}

function textOf({ name, state, stats }: AlertNotice): string {
  const { calls, availability, latencyMs, spentUsd, targets } = stats
  const open = Object.entries(targets).flatMap(([target, health]) =>
    health.state === 'open' ? [target] : [],
  )
  return [
    `${state === 'firing' ? 'Firing' : 'Resolved'}: ${name}`,
    `${calls} calls, ${(100 * availability).toFixed(1)} % answered`,
    latencyMs && `p95 ${Math.round(latencyMs.p95)} ms`,
    `$${spentUsd.toFixed(4)} spent`,
    open.length > 0 && `circuits open: ${open.join(', ')}`,
  ]
    .filter(Boolean)
    .join(' · ')
}
