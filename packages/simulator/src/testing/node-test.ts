import { after, afterEach, before, beforeEach, mock } from 'node:test'
import type { ProviderScript } from '../script/script.ts'
import {
  providersFor,
  type ProvidersOf,
  type TestHooks,
  type TestProvider,
  type UseSimulatorOptions,
} from './test-provider.ts'

export type { ProvidersOf, TestProvider, UseSimulatorOptions } from './test-provider.ts'

const hooks: TestHooks = {
  beforeAll: (hook) => before(hook),
  beforeEach: (hook) => beforeEach(hook),
  afterEach: (hook) => afterEach((context) => hook(passed(context))),
  afterAll: (hook) => after(hook),
  alongside(ms) {
    try {
      mock.timers.tick(ms)
    } catch (error) {
      // They are not on.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_INVALID_STATE') throw error
    }
  },
}

/**
 * Simulates one provider for the tests of a file or of a `describe`. The provider starts before the tests, and is closed after them.
 * Before each test, it is reset and gets the script passed here. Tests that run concurrently share its counts and faults.
 *
 *     const provider = useSimulator()
 *
 *     test('repeats a call after a 429', async () => {
 *       provider.fail({ type: 'status', status: 429 })
 *       await ask(provider.baseURL)
 *       assert.equal(provider.counts().calls, 2)
 *     })
 *
 * @param script how the provider behaves in every test
 * @returns the provider. Use it only inside tests and hooks, because its URL is not known before they run.
 * @throws TypeError if `unusedFaults` is wrong. A mistake in the script or in another option fails the tests.
 */
export function useSimulator(script: ProviderScript = {}, options: UseSimulatorOptions = {}): TestProvider {
  return providersFor(hooks, { openai: script }, options).openai
}

/** Like `useSimulator`, for several providers by name: `const { primary, backup } = useProviders({ primary: {}, backup: {} })`. */
export function useProviders<const Scripts extends Readonly<Record<string, ProviderScript>>>(
  scripts: Scripts,
  options: UseSimulatorOptions = {},
): ProvidersOf<Scripts> {
  return providersFor(hooks, scripts, options)
}

/** Whether the test has passed so far. A hook of a whole file gets a context without `passed`, which counts as passed. */
function passed(context: object): boolean {
  return !('passed' in context) || context.passed === true
}
