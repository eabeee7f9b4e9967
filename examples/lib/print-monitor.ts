import type { ResourceReading } from '@harbor/core/monitor'

/** Prints what a resource monitor read, and what it advises. @param model whose limits are printed */
export function printMonitor(title: string, reading: ResourceReading, model: string): void {
  const { memory, sockets, queue, limits, advice } = reading
  console.log(`🩺 Monitor - ${title}:`)
  const { delayMs, utilization } = reading.eventLoop
  console.log(
    `   - event loop: ${percent(utilization)} at work, p99 of its delay ${delayMs?.p99.toFixed(0)} ms`,
  )
  console.log(`   - heap: at most ${percent(memory.heapPeakBytes / memory.heapLimitBytes)} of what V8 allows`)
  console.log(`   - sockets: ${percent(sockets?.utilization)} of ${sockets?.allowed} in use`)
  console.log(`   - queue: ${queue?.maxWaiting} at most, half wait ${queue?.waitMs?.p50.toFixed(0)} ms`)
  console.log(`   - limits: ${percent(limits[`openai/${model}`]?.requestsUsed)} of the requests used`)
  console.log(advice.map(({ message }) => `   - advice: ${message}`).join('\n') || '   - no advice')
}

export const percent = (part = 0): string => `${(100 * part).toFixed(0)}%`
