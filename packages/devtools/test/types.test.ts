import { createHarborFetch, Harbor, type HarborEvents, type HarborStats, type Receipt } from '@harbor/core'
import { describe, expectTypeOf, it } from 'vitest'
import type { ClientStats, DevtoolsClient, ShownReceipt } from '../src/index.ts'

describe('the types of core', () => {
  it('are those that the page declares', () => {
    expectTypeOf<Harbor>().toExtend<DevtoolsClient>()
    expectTypeOf<ReturnType<typeof createHarborFetch>>().toExtend<DevtoolsClient>()
    expectTypeOf<Receipt>().toExtend<ShownReceipt>()
    expectTypeOf<HarborStats>().toExtend<ClientStats>()
  })

  it('have every kind of wait and of attempt that the page has words for', () => {
    expectTypeOf<Receipt['waits'][number]['reason']>().toEqualTypeOf<
      ShownReceipt['waits'][number]['reason']
    >()
    expectTypeOf<Receipt['attempts'][number]['reason']>().toEqualTypeOf<
      ShownReceipt['attempts'][number]['reason']
    >()
    expectTypeOf<HarborEvents['breaker']['state']>().toEqualTypeOf<
      'open' | 'half-open' | 'closed' | 'isolated'
    >()
  })
})
