import type { Fault } from '@harbor/simulator'
import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest'
import { perCall, receiptOf, type Harbor, type HarborOptions } from '../src/index.ts'
import { harborFetchFor, harborFor, HELLO, QUICK, simulate } from './helpers/harbor-for.ts'

let emitWarning: Mock

beforeEach(() => {
  emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
})

function fail(): never {
  throw new Error('a bug of the user')
}
function failLater(): unknown {
  return Promise.resolve().then(fail)
}

const LOGGER = { error: fail, warn: fail, info: fail, debug: fail }

describe("an exception in the user's code", () => {
  it.each<[string, HarborOptions, (harbor: Harbor) => object | undefined]>([
    ['a listener that throws', {}, (harbor) => void harbor.on('end', fail)],
    ['a listener that rejects', {}, (harbor) => void harbor.on('retry', failLater)],
    ['an onReceipt that throws', {}, () => perCall({ onReceipt: fail })],
    ['an onReceipt that rejects', {}, () => perCall({ onReceipt: failLater })],
    ['an onRetry that throws', { retry: { ...QUICK, onRetry: fail } }, () => undefined],
  ])('does not change the result of a call: %s', async (_, options, arrange) => {
    const provider = await simulate()
    const harbor = harborFor(provider, options)
    const wishes = arrange(harbor)

    provider.fail({ type: 'status', status: 500 })
    const answer = await harbor.chat.completions.create(HELLO, wishes)
    expect(receiptOf(answer)).toMatchObject({ outcome: 'success', attempts: { length: 2 } })

    provider.fail({ type: 'status', status: 500 })
    let text = ''
    for await (const { choices } of await harbor.chat.completions.create(
      { ...HELLO, stream: true },
      wishes,
    )) {
      text += choices[0]?.delta.content ?? ''
    }
    expect(text).toBe(answer.choices[0]?.message.content)

    const refusal: Fault = { type: 'status', status: 400 }
    provider.fail(refusal)
    await expect(harbor.chat.completions.create(HELLO, wishes)).rejects.toMatchObject({ status: 400 })

    await expect.poll(() => emitWarning).toHaveBeenCalled()
    expect(provider.counts().calls).toBe(5)
  })

  // Through the SDK's client this cannot be shown: at this level the SDK itself writes, and does not catch.
  it('does not change the result of a call if the logger throws', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor({ logLevel: 'info', logger: LOGGER })
    provider.fail({ type: 'status', status: 500 }, { type: 'status', status: 400 })
    const response = await fetch(`${provider.baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(HELLO),
    })
    expect(response.status).toBe(400)
    expect(receiptOf(response)).toMatchObject({ outcome: 'failure', attempts: { length: 2 } })
    expect(emitWarning).toHaveBeenCalled()
  })
})
