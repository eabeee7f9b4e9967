import { Harbor, type HarborOptions } from '@harbor/core'
import { useProviders } from '@harbor/simulator/vitest'
import { onTestFinished } from 'vitest'
import { openDevtools, type Devtools, type DevtoolsOptions } from '../src/index.ts'

/** Two simulated providers for the tests of a file, and what their clients and pages need. */
export function useClients(): {
  readonly providers: ReturnType<typeof useProviders<{ primary: object; backup: object }>>
  client(options?: HarborOptions): Harbor
  open(harbor: Harbor | readonly Harbor[], options?: DevtoolsOptions): Promise<Devtools>
} {
  const providers = useProviders({ primary: {}, backup: {} })
  return {
    providers,
    client(options = {}) {
      const { primary, backup } = providers
      const harbor = new Harbor({
        apiKey: PLANTED_KEY,
        baseURL: primary.baseURL,
        providers: { backup: { baseURL: backup.baseURL, apiKey: PLANTED_KEY } },
        retry: { baseDelayMs: 1 },
        logLevel: 'off',
        ...options,
      })
      onTestFinished(() => harbor.close({ graceMs: 0 }))
      return harbor
    },
    async open(harbor, options) {
      const page = await openDevtools(harbor, options)
      onTestFinished(() => page.close())
      return page
    },
  }
}

/** A key that must not appear on the page. */
export const PLANTED_KEY = 'sk-planted-key-4711'
/** A prompt that must not appear on the page. */
export const PLANTED_PROMPT = 'planted prompt 0815'

export const question = (content = PLANTED_PROMPT, model = 'gpt-5') => ({
  model,
  messages: [{ role: 'user' as const, content }],
})
