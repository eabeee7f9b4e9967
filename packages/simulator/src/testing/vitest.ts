import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
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
  beforeAll,
  beforeEach,
  afterEach: (hook) => afterEach(({ task }) => hook(task.result?.state !== 'fail')),
  afterAll,
  alongside(ms) {
    if (vi.isFakeTimers()) vi.advanceTimersByTime(ms)
  },
}

/**
 * Simulates one provider for the tests of a file or of a `describe`. The provider starts before the tests, and is closed after them.
 * Before each test, it is reset and gets the script passed here. Tests that run concurrently share its counts and faults.
 *
 *     const provider = useSimulator()
 *
 *     it('repeats a call after a 429', async () => {
 *       provider.fail({ type: 'status', status: 429 })
 *       await ask(provider.baseURL)
 *       expect(provider.counts().calls).toBe(2)
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
