import { useSimulator } from '@harbor/simulator/vitest'
import { expect, it, vi } from 'vitest'
import { withRetries } from './with-retries.js'

const provider = useSimulator({}, { time: 'virtual', unusedFaults: 'fail' })
it('repeats a call after a 429 and a reset', async () => {
  vi.useFakeTimers()
  provider.fail({ type: 'status', status: 429 }, { type: 'reset' })
  const response = withRetries(() => fetch(`${provider.baseURL}/models`))
  await provider.advance(60_000)
  expect((await response).status).toBe(200)
  expect(provider.counts().calls).toBe(3)
})
