import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { trace } from '@opentelemetry/api'
import { onTestFinished } from 'vitest'

/** A request that undici has created. */
export interface CreatedRequest {
  /** The id of the span in `traceparent`; undefined without the header. */
  readonly sent: string | undefined
  /** The id of the span that was active. */
  readonly active: string | undefined
}

/** Notes, for each request that undici creates until the test is over, in which context it is sent. */
export function watchUndici(): readonly CreatedRequest[] {
  const created: CreatedRequest[] = []
  const note = (message: unknown): void => {
    const { headers } = (message as { request: { headers: readonly unknown[] } }).request
    const at = headers.indexOf('traceparent')
    created.push({
      sent: at < 0 ? undefined : String(headers[at + 1]).split('-')[2],
      active: trace.getActiveSpan()?.spanContext().spanId,
    })
  }
  subscribe('undici:request:create', note)
  onTestFinished(() => {
    unsubscribe('undici:request:create', note)
  })
  return created
}
