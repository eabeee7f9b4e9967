import { SpanKind } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

/** Prints spans as a tree: the name and kind of each, how long it took, and how it went. */
export function printTrace(spans: readonly ReadableSpan[]): void {
  const inOrder = spans.toSorted((one, other) => msOf(one.startTime) - msOf(other.startTime))
  const ids = new Set(spans.map((span) => span.spanContext().spanId))
  const print = (parent: string | undefined, depth: string): void => {
    for (const span of inOrder) {
      const own = span.parentSpanContext?.spanId
      if (parent === undefined ? own !== undefined && ids.has(own) : own !== parent) continue
      const { attributes, duration, kind, name } = span
      const facts = ['harbor.target', 'harbor.wait.reason', 'error.type'].flatMap((key) =>
        key in attributes ? [String(attributes[key])] : [],
      )
      const ms = msOf(duration).toFixed(0).padStart(5)
      console.log(
        `   ${ms} ms  ${depth}${name.padEnd(24 - depth.length)} ${SpanKind[kind].padEnd(8)} ${facts.join(' ')}`,
      )
      print(span.spanContext().spanId, `${depth}  `)
    }
  }
  print(undefined, '')
}

const msOf = ([seconds, nanos]: readonly [number, number]): number => seconds * 1e3 + nanos / 1e6
