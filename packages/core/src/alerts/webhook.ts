import type { AlertNotice } from '../reporting/alert.ts'
import { poster, type WebhookOptions } from './post-notice.ts'

/**
 * Returns a `notify` function for alerts, which posts each notice as JSON: a `text` for people, and the values for programs. The function rejects if
 * the notice is not delivered in at most three attempts; Harbor then emits a process warning.
 *
 * @param url the address to post to
 * @throws OptionError if the URL is not an absolute http or https address
 */
export function webhook(url: string, options: WebhookOptions = {}): (notice: AlertNotice) => Promise<void> {
  const post = poster('webhook', url, options)
  return (notice) => post(notice, notice)
}

/**
 * Returns a `notify` function for alerts, which posts the text of each notice to a channel of Slack. The function rejects if the notice is not
 * delivered in at most three attempts; Harbor then emits a process warning.
 *
 * @param url the address of an incoming webhook of Slack. It is a secret, and not part of any message
 * @throws OptionError if the URL is not an absolute http or https address
 */
export function slack(url: string, options: WebhookOptions = {}): (notice: AlertNotice) => Promise<void> {
  const post = poster('Slack webhook', url, options)
  return (notice) => {
    const sign = notice.state === 'firing' ? ':red_circle:' : ':large_green_circle:'
    return post(notice, { text: `${sign} ${escapeForSlack(notice.text)}` })
  }
}

/** Slack reads these three characters as the beginning of links and mentions. */
function escapeForSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
