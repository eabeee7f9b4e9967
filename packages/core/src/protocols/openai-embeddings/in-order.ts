import type { JsonBody } from '../../base/json.ts'

/**
 * Embeddings in the order of their texts, by the index that each one has, since an answer may come in any order. An index may be written
 * as a text, may be missing where it is 0, and may count from 1. Where all are 0, the provider does not number them, and they stand in
 * the order of the texts.
 * @returns undefined when the indexes do not say which embedding belongs to which text
 */
export function inOrder(data: readonly JsonBody[]): readonly JsonBody[] | undefined {
  const indexes = data.map((each) => indexOf(each['index']))
  if (indexes.every((index) => index === 0)) return data
  const first = Math.min(...indexes)
  if (first !== 0 && first !== 1) return undefined // NaN, too
  const ordered: JsonBody[] = []
  for (const [place, each] of data.entries()) ordered[(indexes[place] ?? NaN) - first] = each
  // An index out of range makes it too long, one that comes twice leaves a gap.
  return ordered.length === data.length && Object.keys(ordered).length === data.length ? ordered : undefined
}

/** @returns NaN for what is no index */
function indexOf(index: unknown): number {
  if (index === undefined || index === null) return 0
  const number = typeof index === 'string' && /^\d{1,9}$/.test(index) ? Number(index) : index
  return typeof number === 'number' && Number.isInteger(number) ? number : NaN
}
