import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inOrder } from './embeddings-batching.ts'

const vector = (text: number, index: unknown): { index: unknown; text: number } => ({ text, index })
const textsOf = (data: readonly object[] | undefined): unknown =>
  data?.map((each) => (each as { text: number }).text)

const order = fc
  .integer({ min: 2, max: 30 })
  .chain((count) => fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count }))

describe('embeddings in the order of their texts', () => {
  it.each<[string, (index: number) => unknown]>([
    ['numbers', (index) => index],
    ['texts', (index) => String(index)],
    ['numbers from 1', (index) => index + 1],
    ['texts from 1', (index) => String(index + 1)],
    ['numbers, where 0 is left out', (index) => (index === 0 ? undefined : index)],
    ['numbers, where 0 is null', (index) => (index === 0 ? null : index)],
  ])('are found by indexes that are %s, in whatever order they come', (_, spell) => {
    fc.assert(
      fc.property(order, (texts) => {
        const data = texts.map((text) => vector(text, spell(text)))
        expect(textsOf(inOrder(data))).toEqual([...texts.keys()])
      }),
    )
  })

  it.each([0, '0', undefined, null])('stand as they come when all have the index %s', (index) => {
    expect(textsOf(inOrder([vector(7, index), vector(8, index), vector(9, index)]))).toEqual([7, 8, 9])
  })

  it.each<[string, readonly unknown[]]>([
    ['one comes twice', [0, 1, 1]],
    ['one is out of range', [0, 1, 7]],
    ['one is negative', [-1, 0, 1]],
    ['one is a fraction', [0, 0.5, 1]],
    ['one is enormous', [0, 1, 4_294_967_294]],
    ['one is infinite', [0, 1, Infinity]],
    ['one is no number', [0, 1, 'second']],
    ['one is a text with a sign', [0, 1, '+2']],
    ['they count from 2', [2, 3, 4]],
    ['all are 1', [1, 1, 1]],
    ['one is an object', [0, 1, {}]],
  ])('are refused when %s', (_, indexes) => {
    expect(inOrder(indexes.map((index, text) => vector(text, index)))).toBeUndefined()
  })
})
