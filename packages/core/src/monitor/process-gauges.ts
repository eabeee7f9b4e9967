import { totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { LoopDelay } from './loop-delay.ts'
import type { ProcessSample } from './sample.ts'

/** Reads the event loop, CPU and memory of this process. */
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

/** Undefined outside a container, where the reported limit is 0 or larger than the memory. */
function containerLimit(): number | undefined {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem() ? limit : undefined
}
