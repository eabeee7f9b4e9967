import { describe, expect, it } from 'vitest'
import { attachReceipt, receiptOf, type Receipt } from './receipt.ts'

/** Only who it is counts here. */
const open = (): Receipt => ({ id: 'call_1' }) as Receipt

describe('receiptOf', () => {
  it('finds the receipt by whatever carries it', () => {
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

  it("prefers what is tied to the thing itself to what is tied to its response's headers", () => {
    const [own, other] = [open(), open()]
    const headers = new Headers()
    const error = { headers }
    attachReceipt(headers, other)
    attachReceipt(error, own)
    expect(receiptOf(error)).toBe(own)
  })

  it.each([undefined, null, 'text', 7, {}, [], { headers: null }, { headers: 'text' }, new Response()])(
    'is undefined for what Harbor did not give: %j',
    (stranger) => {
      expect(receiptOf(stranger)).toBeUndefined()
    },
  )

  it('ignores being attached to what cannot hold it', () => {
    for (const holder of [undefined, null, 'text', 7]) {
      attachReceipt(holder, open())
      expect(receiptOf(holder)).toBeUndefined()
    }
  })
})
