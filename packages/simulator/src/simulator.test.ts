import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { chat } from '../test/wire.ts'
import { startSimulator } from './index.ts'

it('runs several providers, each with its own port, script and counts', async () => {
  await using simulator = await startSimulator({
    providers: { primary: { rules: [{ fault: { type: 'status', status: 503 } }] }, backup: {} },
  })
  const [primary, backup] = [simulator.provider('primary'), simulator.provider('backup')]
  expect(simulator.provider()).toBe(primary)
  expect([...simulator.providers.keys()]).toEqual(['primary', 'backup'])
  expect(primary.baseURL).toBe(`http://127.0.0.1:${primary.port}/v1`)
  expect(primary.port).not.toBe(backup.port)
  expect([(await chat(primary)).status, (await chat(backup)).status]).toEqual([503, 200])
  expect([primary.counts().calls, backup.counts().calls]).toEqual([1, 1])
})

it('uses consecutive ports from the given one', async () => {
  const free = await startSimulator({ providers: { one: {}, two: {} } })
  const port = Math.min(free.provider('one').port, free.provider('two').port)
  await free.close()
  await using simulator = await startSimulator({ port })
  expect(simulator.provider('openai').port).toBe(port)
})

it('uses different random numbers for each seed and provider, and the same for equal ones', async () => {
  const script = { rules: [{ when: { probability: 0.5 }, fault: { type: 'status', status: 500 } }] } as const
  const statuses = async (seed: number, name: string) => {
    await using simulator = await startSimulator({ seed, providers: { [name]: script } })
    const provider = simulator.provider()
    const seen = []
    for (let call = 0; call < 24; call++) seen.push((await chat(provider)).status)
    return seen.join()
  }
  const first = await statuses(1, 'one')
  expect(await statuses(1, 'one')).toBe(first)
  expect(await statuses(2, 'one')).not.toBe(first)
  expect(await statuses(1, 'two')).not.toBe(first)
})

it('rejects wrong options, an unknown provider and a port that is taken', async () => {
  await expect(startSimulator({ provider: {} } as object)).rejects.toThrow(
    "options has an unknown key 'provider'; the nearest known one is 'providers'",
  )
  await expect(startSimulator({ providers: {} })).rejects.toThrow('at least one provider')
  await expect(startSimulator({ port: -1 })).rejects.toThrow(
    'options.port must be a whole number from 0 to 65535, got -1',
  )
  await using simulator = await startSimulator()
  expect(() => simulator.provider('azure')).toThrow("there is no provider 'azure'; there are openai")
  const { port } = simulator.provider()
  await expect(startSimulator({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

it('ends calls in flight when it closes, and does not keep the process alive', async () => {
  const program = `
    import { startSimulator } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
    const simulator = await startSimulator()
    const provider = simulator.provider()
    provider.script({ latency: 3_600_000 })
    const body = JSON.stringify({ model: 'gpt-4', messages: [{ role: 'user', content: 'Hello' }] })
    const call = fetch(provider.baseURL + '/chat/completions', { method: 'POST', body })
    while (provider.counts().inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await simulator.close()
    await simulator.close()
    await call.catch((error) => console.log(error.message))
  `
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module-typescript',
    '--eval',
    program,
  ])
  expect(stdout).toBe('fetch failed\n')
})
