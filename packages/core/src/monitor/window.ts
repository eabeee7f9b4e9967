import { Histogram } from '../reporting/quantiles.ts'
import type { ClientSample, ProcessSample, Sample } from './sample.ts'

/**
 * The samples of the last `windowMs`, oldest first. One earlier sample precedes them, so that differences can be calculated over the whole
 * time.
 */
export class Window {
  readonly #windowMs: number
  readonly #samples: [Sample, ...Sample[]]

  constructor(windowMs: number, first: Sample) {
    this.#windowMs = windowMs
    this.#samples = [first]
  }

  add(sample: Sample): void {
    const samples = this.#samples
    samples.push(sample)
    while ((samples[1]?.at ?? Infinity) <= sample.at - this.#windowMs) samples.shift()
  }

  get sampleCount(): number {
    return this.#samples.length
  }

  get last(): Sample {
    return this.#samples.at(-1) ?? this.#samples[0]
  }

  /** The time that the samples cover so far, in milliseconds. */
  get ms(): number {
    return this.last.at - this.#samples[0].at
  }

  get isFull(): boolean {
    return this.ms >= this.#windowMs
  }

  /** Returns how much a counter of the client rose over the window. If the counter was reset meanwhile, returns its current value. */
  rise(read: (sample: ClientSample) => number | undefined): number {
    const now = read(this.last.client) ?? 0
    const before = read(this.#samples[0].client) ?? 0
    return now < before ? now : now - before
  }

  /** Returns how much a counter of the process rose over the window. These counters are never reset. */
  riseOf(name: 'activeMs' | 'idleMs' | 'cpuMs'): number {
    return this.last.process[name] - this.#samples[0].process[name]
  }

  /** Returns a value of the client in each sample, oldest first. */
  each<Value>(read: (sample: ClientSample) => Value): Value[] {
    return this.#samples.map(({ client }) => read(client))
  }

  /** Returns a value of the process in each sample, oldest first. */
  eachOf(
    name: keyof { [Name in keyof ProcessSample as ProcessSample[Name] extends number ? Name : never]: 1 },
  ): number[] {
    return this.#samples.map(({ process }) => process[name])
  }

  /** Returns the delays of the event loop in the window, in milliseconds: how late timers fired. */
  delays(): Histogram {
    const all = new Histogram()
    for (const { process } of this.#samples.slice(1)) all.add(process.delays)
    return all
  }

  /** Returns the number of samples in which a timer fired more than `ms` milliseconds late. */
  samplesLaterThan(ms: number): number {
    return this.#samples.filter(({ process }) => process.delays.max > ms).length
  }

  /**
   * Returns the smallest heap in the first, second and third part of the window, in bytes. That is about the size of the live heap, because
   * the heap is smallest just after a garbage collection. Undefined before the window is full.
   */
  heapFloors(): readonly [number, number, number] | undefined {
    if (!this.isFull) return undefined
    const from = this.#samples[0].at
    const floors: [number, number, number] = [Infinity, Infinity, Infinity]
    for (const { at, process } of this.#samples) {
      const third = Math.min(2, Math.floor((3 * (at - from)) / this.ms)) as 0 | 1 | 2
      floors[third] = Math.min(floors[third], process.heapUsedBytes)
    }
    return floors.includes(Infinity) ? undefined : floors
  }
}
