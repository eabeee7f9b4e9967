import type { Clock } from '@harbor/retry'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Advice } from './advice.ts'
import { readingOf, type ResourceReading } from './reading.ts'
import { judge } from './rules.ts'
import type { ClientSample, ProcessSample, Sample } from './sample.ts'
import { Window } from './window.ts'

/** The functions from which samples are taken. */
export interface Gauges {
  readonly process: { read(): ProcessSample; close(): void }
  readonly client: () => ClientSample
  readonly clock: Clock
}

export interface WatchSettings {
  readonly intervalMs: number
  readonly windowMs: number
  readonly onAdvice: ((advice: Advice, state: 'given' | 'withdrawn') => unknown) | undefined
}

/** Takes a sample at each interval, applies the rules to the samples of the window, and reports when advice is given or withdrawn. */
export class ResourceWatch {
  readonly #gauges: Gauges
  readonly #settings: WatchSettings
  readonly #telemetry: Telemetry
  readonly #window: Window
  readonly #advice = new Map<string, Advice>()
  readonly #timer: ReturnType<typeof setInterval>
  #closed = false

  /** @param telemetry emits a process warning if `onAdvice` throws */
  constructor(gauges: Gauges, settings: WatchSettings, telemetry: Telemetry) {
    this.#gauges = gauges
    this.#settings = settings
    this.#telemetry = telemetry
    this.#window = new Window(settings.windowMs, this.#sample())
    this.#timer = setInterval(() => this.#update(), settings.intervalMs)
    this.#timer.unref()
  }

  /**
   * Returns the current values and advice. Takes a new sample only if the last one is at least half an interval old, so that frequent calls
   * do not fill the window.
   */
  read(): ResourceReading {
    const { clock } = this.#gauges
    if (!this.#closed && clock.now() - this.#window.last.at >= this.#settings.intervalMs / 2) this.#update()
    return readingOf(this.#window, [...this.#advice.values()])
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#gauges.process.close()
  }

  #sample(): Sample {
    const { process, client, clock } = this.#gauges
    const { attempts, cache, closed, failures, limits, pool, prefetch } = client()
    return {
      at: clock.now(),
      process: process.read(),
      client: { attempts, cache, closed, failures, limits, pool, prefetch },
    }
  }

  #update(): void {
    const sample = this.#sample()
    this.#window.add(sample)
    const active = this.#advice
    const found = new Map(
      judge(this.#window, (code, subject) => active.has(keyOf({ code, subject }))).map((finding) => [
        keyOf(finding),
        { ...finding, since: active.get(keyOf(finding))?.since ?? sample.at },
      ]),
    )
    const withdrawn = [...active].filter(([key]) => !found.has(key))
    const given = [...found].filter(([key]) => !active.has(key))
    active.clear()
    for (const [key, advice] of found) active.set(key, advice)
    for (const [, advice] of withdrawn) this.#report(advice, 'withdrawn')
    for (const [, advice] of given) this.#report(advice, 'given')
  }

  #report(advice: Advice, state: 'given' | 'withdrawn'): void {
    this.#telemetry.shield('The onAdvice of a resource monitor threw', () =>
      this.#settings.onAdvice?.(advice, state),
    )
  }
}

function keyOf({ code, subject = '' }: Pick<Advice, 'code' | 'subject'>): string {
  return `${code} ${subject}`
}
