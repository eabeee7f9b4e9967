import { totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { LoopDelay } from './loop-delay.ts'
import type { ProcessSample } from './sample.ts'

/** Measures the event loop, CPU and memory of this process. */
export class ProcessGauges {
  readonly #delay = new LoopDelay()

  read(): ProcessSample {
    const { active: activeMs, idle: idleMs } = performance.eventLoopUtilization()
    const { user, system } = process.cpuUsage()
    const { heapUsed: heapUsedBytes, external: externalBytes, rss: rssBytes } = process.memoryUsage()
    return {
      delays: this.#delay.read(),
      activeMs,
      idleMs,
      cpuMs: (user + system) / 1_000,
      heapUsedBytes,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      externalBytes,
      rssBytes,
      rssLimitBytes: containerLimit(),
    }
  }

  close(): void {
    this.#delay.close()
  }
}

/** Returns the memory limit of the container, in bytes; undefined if none is set. Node then reports 0, or more than the memory of the machine. */
function containerLimit(): number | undefined {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem() ? limit : undefined
}
