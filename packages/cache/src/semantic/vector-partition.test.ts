import { describe, expect, it } from 'vitest'
import { VectorPartition } from './vector-partition.ts'

const entry = (at: number) => ({ partition: 'p', text: String(at), value: at, storedAt: 0, expiresAt: 1 })

describe('a partition', () => {
  it('grows with its entries, and gives memory back when most of them are removed', () => {
    const partition = new VectorPartition<number>(8)
    const entries = Array.from({ length: 1_000 }, (_, at) => entry(at))
    const vectorOf = (at: number) => Float32Array.from({ length: 8 }, (_, place) => (at >> place) & 1)
    for (const each of entries) partition.add(each, vectorOf(each.value))
    expect(partition.room).toBeGreaterThanOrEqual(8_000)
    for (const each of entries.slice(0, 990)) partition.remove(each)
    expect(partition.size).toBe(10)
    expect(partition.room).toBeLessThanOrEqual(8 * 40)
    for (const { value, text } of entries.slice(990)) {
      expect(partition.withText(text)?.value).toBe(value)
      const same = Math.hypot(...vectorOf(value)) ** 2
      const found = partition.near(vectorOf(value), Math.min(1, same))
      expect(found.some(({ entry: each }) => each.value === value)).toBe(true)
    }
  })
})
