import type { SpanContext } from '@opentelemetry/api'
import type { CallReceipt } from '../observed.ts'
import type { CallSpans } from './call-spans.ts'

/**
 * Which calls belong together. An upstream call has the id of the call that began it, and is its child; the other calls that it serves are
 * linked to it.
 */
export class Families {
  /** The calls in flight by id. If a call has begun an upstream call, its entry is the upstream call until that has ended. */
  readonly #open = new Map<string, CallSpans[]>()
  readonly #upstream = new WeakMap<CallReceipt, SpanContext>()

  /** Returns the call that has begun an upstream call with this id; undefined if it is over, or is not observed. */
  parentOf(id: string): CallSpans | undefined {
    return this.#open.get(id)?.at(-1)
  }

  begin(call: CallSpans): void {
    const open = this.#open.get(call.id)
    if (open) open.push(call)
    else this.#open.set(call.id, [call])
  }

  end(call: CallSpans): void {
    const open = this.#open.get(call.id)
    if (!open) return
    const at = open.indexOf(call)
    if (at >= 0) open.splice(at, 1)
    if (open.length === 0) this.#open.delete(call.id)
  }

  /** The number of calls in flight. */
  get size(): number {
    return this.#open.size
  }

  /** Stores the span of an upstream call, for the links of the calls that it serves. */
  serve(upstream: CallReceipt, span: SpanContext): void {
    this.#upstream.set(upstream, span)
  }

  spanOf(upstream: CallReceipt): SpanContext | undefined {
    return this.#upstream.get(upstream)
  }
}
