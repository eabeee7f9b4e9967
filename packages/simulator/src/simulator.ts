import { checkObject, type Fields, fail, oneOf, wholeNumber } from './script/check-fields.ts'
import { checkScript } from './script/check-script.ts'
import { type AdvanceOptions, VirtualClock } from './time/virtual-clock.ts'
import { Provider } from './provider.ts'
import type { ProviderScript } from './script/script.ts'
import type { SimulatedProvider } from './simulated-provider.ts'

/** Options of `startSimulator`. All are optional. */
export interface SimulatorOptions {
  /**
   * The clock for latencies, stalls, time windows, rate limits and batches. `'virtual'`: a clock that only `advance()` moves, so that tests
   * do not wait. `'real'`: the clock of `setTimeout` and `performance`, which fake timers may replace. @default 'real'
   */
  time?: 'real' | 'virtual' | undefined
  /** The providers by name, each with its script. Each gets its own port. @default { openai: {} } */
  providers?: Readonly<Record<string, ProviderScript>> | undefined
  /** The seed of all random numbers. Runs with equal seeds get equal numbers. @default 1 */
  seed?: number | undefined
  /** The port of the first provider. The others get the ports after it. With 0, the system chooses a port for each. @default 0 */
  port?: number | undefined
}

/** Running simulated providers. Returned by `startSimulator`. */
export interface Simulator extends AsyncDisposable {
  /**
   * Returns the provider with this name; without a name, the first provider.
   *
   * @throws TypeError if there is no such provider
   */
  provider(name?: string): SimulatedProvider
  /** All providers by name, in the order of the options. */
  readonly providers: ReadonlyMap<string, SimulatedProvider>
  /**
   * Advances the virtual time of all providers. Meanwhile, clients in this process receive the answers that become due, and can react to
   * them.
   *
   * @param ms milliseconds
   * @throws TypeError if the simulator was not started with `time: 'virtual'`
   */
  advance(ms: number, options?: AdvanceOptions): Promise<void>
  /** Ends every connection and stops listening. After that nothing keeps the process alive. */
  close(): Promise<void>
}

/**
 * Starts simulated providers: servers that speak the APIs of OpenAI, Anthropic and Gemini, with scripted faults.
 *
 * @returns the simulator, once all servers listen on 127.0.0.1
 * @throws TypeError if an option or a script is wrong; the system's error if a port is taken
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  checkObject(options, optionFields, 'options')
  const { providers: scripts = { openai: {} }, seed = 1, port = 0, time = 'real' } = options
  const clock = time === 'virtual' ? new VirtualClock() : undefined
  const providers = new Map<string, Provider>()
  for (const [name, script] of Object.entries(scripts))
    providers.set(name, new Provider(name, script, seed, clock))

  const close = async () => {
    await Promise.all([...providers.values()].map((provider) => provider.close()))
  }
  try {
    let next = port
    for (const provider of providers.values()) await provider.up(port === 0 ? 0 : next++)
  } catch (error) {
    await close()
    throw error
  }

  return {
    providers,
    provider(name) {
      const [first] = providers.values()
      const provider = name === undefined ? first : providers.get(name)
      if (provider === undefined) {
        throw new TypeError(`there is no provider '${name}'; there are ${[...providers.keys()].join(', ')}`)
      }
      return provider
    },
    async advance(ms, advanceOptions) {
      if (clock === undefined) throw new TypeError("advance() needs startSimulator({ time: 'virtual' })")
      await clock.advance(ms, advanceOptions)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const optionFields: Fields<SimulatorOptions> = {
  providers: (value, where) => {
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
      fail(where, 'an object with at least one provider', value)
    }
    for (const [name, script] of Object.entries(value)) checkScript(script, `${where}.${name}`)
  },
  seed: wholeNumber(),
  time: oneOf(['real', 'virtual']),
  port: wholeNumber(0, 65_535),
}
