import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type { AttemptRecord, CallObserver, Receipt, WaitRecord } from '../../src/index.ts'

export interface Observed {
  readonly role: 'call' | 'upstream'
  readonly receipt: Receipt
  readonly request: Parameters<CallObserver['start']>[0]['request']
  readonly events: string[]
  readonly attempts: AttemptRecord[]
  readonly ended: AttemptRecord[]
  readonly waits: WaitRecord[]
  /** The receipts of the upstream calls that served the call. */
  readonly servedBy: Set<Receipt>
  ends: number
}

/** The id of the attempt in whose async context the code runs. */
const attemptContext = new AsyncLocalStorage<string>()

/** An observer that notes what it hears, and sends each request in an async context and with a header that name its attempt. */
export function observing(): { readonly observer: CallObserver; readonly calls: Observed[] } {
  const calls: Observed[] = []
  const observer: CallObserver = {
    start({ role, receipt, request }) {
      const place = calls.length
      const call: Observed = {
        role,
        receipt,
        request,
        events: [],
        attempts: [],
        ended: [],
        waits: [],
        servedBy: new Set(),
        ends: 0,
      }
      calls.push(call)
      return {
        attempt: (attempt, send) => {
          call.events.push(`attempt ${attempt.number}`)
          call.attempts.push(attempt)
          const id = `${place}.${attempt.number}`
          return attemptContext.run(id, () => send({ 'x-attempt': id }))
        },
        attemptEnded: (attempt) => {
          call.events.push(`attemptEnded ${attempt.number}`)
          call.ended.push(attempt)
        },
        waited: (wait) => {
          call.events.push(`waited ${wait.reason}`)
          call.waits.push(wait)
        },
        servedBy: (upstream) => void call.servedBy.add(upstream),
        end: () => {
          call.events.push('end')
          call.ends++
        },
      }
    },
  }
  return { observer, calls }
}

/** Notes, for each request that undici sends, the attempt in its header and the attempt in whose async context it is sent. */
export function watchUndici(): { readonly header: string; readonly context: string | undefined }[] {
  const left: { header: string; context: string | undefined }[] = []
  for (const channel of ['undici:request:create', 'undici:client:sendHeaders']) {
    const note = (message: unknown): void => {
      const { headers } = (message as { request: { headers: string | string[] } }).request
      const header = /x-attempt(?:: |,)([\d.]+)/i.exec(String(headers))?.[1]
      if (header !== undefined) left.push({ header, context: attemptContext.getStore() })
    }
    subscribe(channel, note)
    onTestFinished(() => void unsubscribe(channel, note))
  }
  return left
}
