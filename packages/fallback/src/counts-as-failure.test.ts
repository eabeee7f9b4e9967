import { describe, expect, it, onTestFinished } from 'vitest'
import { FallbackChain } from './index.ts'

describe('an error for which countsAsFailure is false', () => {
  it('leads to the next target, and leaves the health of the first as it was', async () => {
    const chain = new FallbackChain({
      targets: [{ name: 'first' }, { name: 'second' }],
      failureThreshold: 1,
      countsAsFailure: (error) => (error as { code?: string }).code !== 'EMFILE',
    })
    const call = (code: string) =>
      chain.run(({ name }) => {
        if (name === 'first') throw Object.assign(new Error(code), { code })
        return 'answer'
      })
    await expect(call('EMFILE')).resolves.toMatchObject({ value: 'answer', target: 'second' })
    expect(chain.health.get('first')).toMatchObject({ available: true, successRatio: 1, failuresInARow: 0 })
    await call('ECONNRESET')
    expect(chain.health.get('first')).toMatchObject({ available: false, successRatio: 0 })
  })

  it('still starts health checks of a target that isAvailable excludes', async () => {
    const checked: string[] = []
    let isDown = false
    const chain = new FallbackChain({
      targets: [{ name: 'first' }, { name: 'second' }],
      isAvailable: ({ name }) => name !== 'first' || !isDown,
      countsAsFailure: () => false,
      healthCheck: ({ name }) => Promise.resolve(checked.push(name)),
      healthCheckIntervalMs: 1,
    })
    chain.start()
    onTestFinished(() => chain.close())
    await chain.run(({ name }) => {
      if (name !== 'first') return 'answer'
      isDown = true
      throw new Error('down')
    })
    await expect.poll(() => checked).toContain('first')
  })
})
