import { describe, expect, it } from 'vitest'
import { originOf } from '../src/base/public-url.ts'
import { receiptOf } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

describe('the record of an attempt', () => {
  it('has the origin to which its own request went', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ retry: false })
    primary.fail(status(500))
    const receipt = receiptOf(await harbor.chat.completions.create(HELLO))
    expect(receipt?.attempts.map(({ origin }) => origin)).toEqual(
      [primary, backup].map(({ baseURL }) => new URL(baseURL).origin),
    )
  })

  it('has the state of the circuit, and none where no circuit decides', async () => {
    const provider = await simulate()
    const stateIn = async (options: object): Promise<unknown> =>
      receiptOf(await harborFor(provider, options).chat.completions.create(HELLO))?.attempts[0]?.circuit
    expect(await stateIn({})).toBe('closed')
    expect(await stateIn({ breaker: false })).toBeUndefined()
    const fetch = harborFetchFor({})
    const response = await fetch(`${provider.baseURL}/files`)
    expect(receiptOf(response)?.attempts[0]).toMatchObject({ circuit: undefined })
    await response.text()
  })
})

describe('originOf', () => {
  it.each([
    ['https://api.openai.com/v1/chat/completions', 'https://api.openai.com'],
    ['http://127.0.0.1:80/a?key=b', 'http://127.0.0.1:80'],
    ['https://user:secret@host.test/v1', 'https://host.test'],
    ['https://host.test\\@other.test/', 'https://host.test'],
    ['https://[::1]:8080', 'https://[::1]:8080'],
    ['HTTPS://Host.test/v1', 'https://host.test'],
    ['data:text/plain,hello', undefined],
    ['/v1/chat', undefined],
  ])('of %s is %s', (url, origin) => {
    expect(originOf(url)).toBe(origin)
  })
})
