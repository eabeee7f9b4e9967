import { createNoopMeter, metrics, type MeterProvider } from '@opentelemetry/api'
import { guarded } from '../guarded.ts'
import { Instruments } from './instruments.ts'

/** The name and the version of the instrumentation. */
export interface Scope {
  readonly name: string
  readonly version: string | undefined
}

/** Finds the meter. A global provider may be registered after the observer was created, and may be replaced. */
export class CurrentMeter {
  readonly #given: MeterProvider | undefined
  readonly #scope: Scope
  readonly #onCreate: (instruments: Instruments) => void
  #provider: MeterProvider | undefined
  #instruments: Instruments | undefined

  /**
   * @param given the provider of the options; undefined for the global one
   * @param scope the instrumentation
   * @param onCreate called with the instruments of each new provider
   */
  constructor(given: MeterProvider | undefined, scope: Scope, onCreate: (instruments: Instruments) => void) {
    this.#given = given
    this.#scope = scope
    this.#onCreate = onCreate
  }

  /** Returns the instruments of the current provider; undefined if there is no SDK. */
  get instruments(): Instruments | undefined {
    const provider = this.#given ?? metrics.getMeterProvider()
    if (provider !== this.#provider) this.#use(provider)
    return this.#instruments
  }

  #use(provider: MeterProvider): void {
    this.#provider = provider
    const meter = guarded(() => provider.getMeter(this.#scope.name, this.#scope.version))
    this.#instruments = meter && meter !== createNoopMeter() ? new Instruments(meter) : undefined
    if (this.#instruments) this.#onCreate(this.#instruments)
  }
}
