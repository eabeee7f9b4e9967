import { describe, expect, it } from 'vitest'
import { priceTierOf, tierFieldsOf } from './price-tier.ts'

describe('priceTierOf', () => {
  it.each<[object, string | undefined]>([
    [{}, undefined],
    [{ service_tier: 'standard', speed: 'standard', inference_geo: 'not_available' }, 'standard'],
    [{ service_tier: 'Batch', speed: null, inference_geo: 'global' }, 'batch'],
    [{ service_tier: 'priority' }, 'priority'],
    [{ service_tier: 'standard', speed: 'fast' }, 'fast'],
    [{ service_tier: 'standard', speed: 'ludicrous' }, 'ludicrous'],
    [{ service_tier: 'standard', inference_geo: 'us' }, 'standard:us'],
    [{ speed: 'fast', inference_geo: 'EU' }, 'fast:eu'],
    [{ inference_geo: 'us' }, 'standard:us'],
    [{ service_tier: 'a b', speed: 7, inference_geo: 'us\n' }, undefined],
    [{ service_tier: 'x'.repeat(33) }, undefined],
  ])('of %j is what the price depends on', (fields, tier) => {
    expect(priceTierOf(tierFieldsOf({ ...fields }))).toBe(tier)
  })
})
