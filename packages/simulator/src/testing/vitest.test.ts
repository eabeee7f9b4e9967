import { execFile } from 'node:child_process'
import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { chat } from '../../test/wire.ts'
import { useProviders, useSimulator } from './vitest.ts'

describe('useSimulator', () => {
  const provider = useSimulator({ reply: 'Here.', rules: [{ when: { call: 2 }, fault: { type: 'hang' } }] })

  it('starts a provider with its script before the tests', async () => {
    provider.fail({ type: 'status', status: 429 })
    expect((await chat(provider)).status).toBe(429)
    expect(provider.counts().calls).toBe(1)
    expect(provider.baseURL).toBe(`http://127.0.0.1:${provider.port}/v1`)
    expect(provider.url).toBe(`http://127.0.0.1:${provider.port}`)
  })

  it('leaves a fault, another script and an outage behind, for the next test', async () => {
    provider.fail({ type: 'reset' })
    provider.script({ reply: 'Another script.' })
    await provider.down()
  })

  it('starts each test with the script, without counts and faults of the test before', async () => {
    expect(provider.counts()).toMatchObject({ calls: 0, inFlight: 0 })
    // A connection of its own: the one of the first test was closed by the outage.
    expect((await chat(provider, { agent: new Agent() })).body).toContain('Here.')
  })

  it('does not count calls of an earlier test that are still in flight', async () => {
    provider.fail({ type: 'hang' })
    const caller = new AbortController()
    const unanswered = fetch(`${provider.baseURL}/models`, { signal: caller.signal })
    while (provider.counts().inFlight === 0) await new Promise((resolve) => setImmediate(resolve))
    provider.reset()
    expect(provider.counts().inFlight).toBe(0)
    await provider.whenIdle()
    caller.abort()
    await expect(unanswered).rejects.toThrow('aborted')
    expect(provider.counts()).toMatchObject({ inFlight: 0, aborts: 0 })
  })
})

describe('useProviders', () => {
  const { primary, backup } = useProviders({ primary: { reply: 'First.' }, backup: { reply: 'Second.' } })

  it('starts each provider on a port of its own', async () => {
    await primary.down()
    expect((await chat(primary)).ended).toBe('ECONNREFUSED')
    expect((await chat(backup)).body).toContain('Second.')
    expect([primary.name, backup.name]).toEqual(['primary', 'backup'])
  })
})

describe('a provider outside of its tests', () => {
  const provider = useSimulator()
  const early = () => provider.baseURL
  let message = ''
  try {
    early()
  } catch (error) {
    message = String(error)
  }

  it('says when it can be used', () => {
    expect(message).toContain('the simulator starts before the first test')
    expect(early()).toContain('http://')
  })
})

describe('a provider after its tests', () => {
  let url = ''
  afterAll(async () => {
    await expect(fetch(url)).rejects.toThrow()
  })

  describe('a group of tests', () => {
    const provider = useSimulator()

    it('is closed when the group ends', () => {
      url = provider.url
    })
  })
})

describe('an option that does not exist', () => {
  it('is refused', () => {
    expect(() => useSimulator({}, { unusedFaults: 'warn' as 'fail' })).toThrow(
      "options.unusedFaults must be one of allow, fail, got 'warn'",
    )
  })
})

describe.each([
  ['vitest', 'unused-faults.vitest.ts', ['vitest.mjs', 'run', '--config', 'unused-faults.config.ts']],
  ['node:test', 'unused-faults.node.ts', ['--test', '--test-reporter=tap']],
])('a fault that did not happen', (runner, file, command) => {
  it(`fails the test that queued it, and no other, under ${runner}`, async () => {
    const output = await outputOf(file, command)
    expect(output).toContain('scripted faults that did not happen: openai: status (it received 1 call)')
    expect(output).toContain('scripted faults that did not happen: openai: reset, hang (it received 0 calls)')
    expect(output.match(/scripted faults that did not happen/g)?.length).toBeGreaterThanOrEqual(2)
    expect(output).toMatch(runner === 'vitest' ? /Tests .*3 failed.*2 passed/ : /# pass 2\n# fail 3/)
    expect(output).toContain('a failure of its own')
    expect(output).not.toContain('openai: stream-end')
  })
})

/** The output of a runner on a fixture, without colours. */
function outputOf(file: string, [first = '', ...args]: readonly string[]): Promise<string> {
  const cwd = fileURLToPath(new URL('../../test/fixtures', import.meta.url))
  const vitest = fileURLToPath(import.meta.resolve('vitest/package.json')).replace(
    'package.json',
    'vitest.mjs',
  )
  const program = first === 'vitest.mjs' ? [vitest, ...args] : [first, ...args]
  const argv = ['--conditions=@harbor/source', ...program, file]
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const env = { ...inherited, NO_COLOR: '1', FORCE_COLOR: '0' }
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { cwd, env }, (_, stdout, stderr) => resolve(stdout + stderr))
  })
}
