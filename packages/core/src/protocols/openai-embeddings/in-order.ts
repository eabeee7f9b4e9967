import type { JsonBody } from '../../base/json.ts'

/**
 * Sorts embeddings into the order of their texts by `index`, since an answer may list them in any order. An index may be a text of digits,
 * a missing index counts as 0, and the indexes may begin with 1. If all indexes are 0, the provider does not number its embeddings, and
 * they are already in order.
 * @returns undefined when the indexes do not say which embedding belongs to which text
 */
export function inOrder(data: readonly JsonBody[]): readonly JsonBody[] | undefined {
  const indexes = data.map((each) => indexOf(each['index']))
  if (indexes.every((index) => index === 0)) return data
  const first = Math.min(...indexes)
  if (first !== 0 && first !== 1) return undefined // also for NaN
  const ordered: JsonBody[] = []
  for (const [place, each] of data.entries()) ordered[(indexes[place] ?? NaN) - first] = each
  // An index out of range makes the array longer than the answer; a repeated index leaves a gap in it.
  return ordered.length === data.length && Object.keys(ordered).length === data.length ? ordered : undefined
}

/** @returns NaN when the value is not an index */
function indexOf(index: unknown): number {
  if (index === undefined || index === null) return 0
  const number = typeof index === 'string' && /^\d{1,9}$/.test(index) ? Number(index) : index
  return typeof number === 'number' && Number.isInteger(number) ? number : NaN
}
