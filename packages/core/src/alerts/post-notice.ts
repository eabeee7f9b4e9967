import { createRetry } from '@harbor/retry'
import { OptionError } from '../base/errors.ts'
import type { AlertNotice } from '../reporting/alert.ts'

/** Options of `webhook` and `slack`: how a notice is sent. At most three attempts are made. */
export interface WebhookOptions {
  /** Additional headers, such as one with a token. @default none */
  headers?: Record<string, string> | undefined
  /** The timeout of each attempt to send a notice, in milliseconds. @default 5_000 */
  timeoutMs?: number | undefined
  /** The `fetch` that sends the notices. @default the global `fetch` */
  fetch?: typeof globalThis.fetch | undefined
}

/** The error for a server that answered with an HTTP error status. The message does not contain the address, which may be a secret. */
class WebhookError extends Error {
  override readonly name = 'WebhookError'
}

/**
 * Returns a function that posts the body for a notice as JSON, and rejects after three failed attempts. Notices of the same alert are sent
 * in order, so that a firing notice that is being retried never arrives after the notice that the alert is resolved.
 * @param receiver what the notices are sent to, for error messages, such as `webhook`
 * @throws OptionError if the URL is not an absolute http or https address
 */
export function poster(
  receiver: string,
  url: string,
  { headers = {}, timeoutMs = 5_000, fetch = globalThis.fetch }: WebhookOptions,
): (notice: AlertNotice, body: unknown) => Promise<void> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new OptionError('url', `The url of a ${receiver} must be an absolute http or https address.`)
  }
  const retry = createRetry({ baseDelayMs: 500, maxAttempts: 3, attemptTimeoutMs: timeoutMs })
  const latest = new Map<string, Promise<void>>()

  async function send({ name }: AlertNotice, body: string): Promise<void> {
    await retry.run(async ({ signal }) => {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal,
        // A redirect would turn the POST into a GET, and the notice would be lost.
        redirect: 'manual' as const,
      }
      const response = await fetch(url, init)
      await response.body?.cancel()
      if (response.ok) return
      const { status } = response
      const error = new WebhookError(`The ${receiver} for the alert ${name} answered ${status}.`)
      throw Object.assign(error, { status, headers: response.headers })
    })
  }

  return async (notice, body) => {
    const { name } = notice
    const before = latest.get(name) ?? Promise.resolve()
    const text = JSON.stringify(body)
    const sent = before.catch(() => undefined).then(() => send(notice, text))
    latest.set(name, sent)
    try {
      await sent
    } finally {
      if (latest.get(name) === sent) latest.delete(name)
    }
  }
}
