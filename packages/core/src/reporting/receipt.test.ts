import { describe, expect, it } from 'vitest'
import { attachReceipt, receiptOf, type Receipt } from './receipt.ts'

/** A receipt of which only the identity matters in these tests. */
const open = (): Receipt => ({ id: 'call_1' }) as Receipt

describe('receiptOf', () => {
  it('returns the receipt of any object that carries one', () => {
    const receipt = open()
    const [holder, headers, response] = [{}, new Headers(), new Response()]
    attachReceipt(holder, receipt)
    attachReceipt(headers, receipt)
    attachReceipt(response, receipt)
    expect(receiptOf(holder)).toBe(receipt)
    expect(receiptOf(headers)).toBe(receipt)
    expect(receiptOf(Object.assign(new Error('an API error'), { headers }))).toBe(receipt)
    expect(receiptOf({ response })).toBe(receipt)
  })

  it("prefers the receipt of the object itself to that of its response's headers", () => {
    const [own, other] = [open(), open()]
    const headers = new Headers()
    const error = { headers }
    attachReceipt(headers, other)
    attachReceipt(error, own)
    expect(receiptOf(error)).toBe(own)
  })

  it.each([undefined, null, 'text', 7, {}, [], { headers: null }, { headers: 'text' }, new Response()])(
    'returns undefined for what is not from Harbor: %j',
    (stranger) => {
      expect(receiptOf(stranger)).toBeUndefined()
    },
  )

  it('returns undefined for values to which no receipt can be attached', () => {
    for (const holder of [undefined, null, 'text', 7]) {
      attachReceipt(holder, open())
      expect(receiptOf(holder)).toBeUndefined()
    }
  })
})
