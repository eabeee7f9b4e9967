import { useSimulator } from '@harbor/simulator/node-test'
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { withRetries } from './with-retries.js'

const provider = useSimulator({}, { time: 'virtual', unusedFaults: 'fail' })
test('repeats a call after a 503', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  provider.fail({ type: 'status', status: 503 })
  const response = withRetries(() => fetch(`${provider.baseURL}/models`))
  await provider.advance(30_000)
  assert.equal((await response).status, 200)
})
