import { oneOf } from '../script/check-fields.ts'
import type { ProviderScript } from '../script/script.ts'
import type { SimulatedProvider } from '../simulated-provider.ts'
import type { AdvanceOptions } from '../time/virtual-clock.ts'
import { startSimulator, type Simulator, type SimulatorOptions } from '../simulator.ts'
import { checkUsed } from './check-used.ts'

/** Options of `useSimulator` and `useProviders`: `time`, `seed` and `port`, as in `startSimulator`, and what happens with unused faults. */
export interface UseSimulatorOptions extends Omit<SimulatorOptions, 'providers'> {
  /**
   * What happens after a test that queued a fault by `fail()`, or set it by `script()`, if the fault did not occur. `'fail'`: the test
   * fails. `'allow'`: nothing. Faults in the script of `useSimulator` or `useProviders` are not checked, because all tests share it.
   * @default 'allow'
   */
  unusedFaults?: 'allow' | 'fail' | undefined
}

/** The hooks and the fake timers of a test runner. */
export interface TestHooks {
  beforeAll(hook: () => Promise<void>): void
  beforeEach(hook: () => Promise<void>): void
  /** Runs `hook` after each test. Its argument is whether the test has passed so far. */
  afterEach(hook: (passed: boolean) => void): void
  afterAll(hook: () => Promise<void>): void
  /** Advances the fake timers of the runner by `ms` milliseconds, if they are on. */
  alongside: (ms: number) => void
}

/** A simulated provider for the tests of a file or of a `describe`. */
export interface TestProvider extends SimulatedProvider {
  /**
   * Advances the virtual time of the simulator and the fake timers of the test runner together, step by step.
   *
   * @param ms milliseconds
   * @throws TypeError without the option `time: 'virtual'`
   */
  advance(ms: number, options?: AdvanceOptions): Promise<void>
}

/** Simulated providers by the names of their scripts. */
export type ProvidersOf<Scripts> = { readonly [Name in keyof Scripts]: TestProvider }

/**
 * Starts providers before the tests, resets them before each test, and closes them after the tests.
 *
 * @returns the providers. They can be used once the hooks before all tests have run.
 */
export function providersFor<Scripts extends Readonly<Record<string, ProviderScript>>>(
  hooks: TestHooks,
  scripts: Scripts,
  options: UseSimulatorOptions,
): ProvidersOf<Scripts> {
  const { unusedFaults = 'allow', ...rest } = options
  oneOf(['allow', 'fail'])(unusedFaults, 'options.unusedFaults')
  let simulator: Simulator | undefined
  hooks.beforeAll(async () => {
    simulator = await startSimulator({ ...rest, providers: scripts })
  })
  hooks.beforeEach(async () => {
    for (const provider of simulator?.providers.values() ?? []) {
      provider.script(scripts[provider.name] ?? {})
      provider.reset()
      await provider.up()
    }
  })
  hooks.afterEach((passed) => {
    // A test that failed has its own message.
    if (unusedFaults === 'fail' && passed && simulator) checkUsed(simulator.providers.values(), scripts)
  })
  hooks.afterAll(async () => {
    await simulator?.close()
  })
  const entries = Object.keys(scripts).map((name) => [name, lateProvider(name, hooks, () => simulator)])
  return Object.fromEntries(entries) as ProvidersOf<Scripts>
}

/** Returns a provider whose methods work once the simulator has started, and throw before. */
function lateProvider(name: string, hooks: TestHooks, started: () => Simulator | undefined): TestProvider {
  const simulator = () => {
    const running = started()
    if (running) return running
    throw new Error(
      'the simulator starts before the first test: use it inside a test or a hook, and create clients with its URL there',
    )
  }
  const provider = () => simulator().provider(name)
  return {
    name,
    get url() {
      return provider().url
    },
    get baseURL() {
      return provider().baseURL
    },
    get port() {
      return provider().port
    },
    script: (script) => provider().script(script),
    fail: (...faults) => provider().fail(...faults),
    unusedFaults: () => provider().unusedFaults(),
    counts: () => provider().counts(),
    requests: () => provider().requests(),
    reset: () => provider().reset(),
    whenIdle: () => provider().whenIdle(),
    down: () => provider().down(),
    up: () => provider().up(),
    advance: (ms, { alongside = hooks.alongside, ...rest } = {}) =>
      simulator().advance(ms, { alongside, ...rest }),
  }
}
