import { totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { LoopDelay } from './loop-delay.ts'
import type { ProcessSample } from './sample.ts'

/** Reads the gauges of this process. */
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

/** Without a container there is no limit, or one beyond all memory. */
function containerLimit(): number | undefined {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem() ? limit : undefined
}
