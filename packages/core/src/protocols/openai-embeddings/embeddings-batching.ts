import { isRecord, type JsonBody } from '../../base/json.ts'
import type { BatchingFormat } from '../shared/batching-format.ts'

/** Combines requests that want one embedding each into one request, and splits its answer into one answer for each of them. */
export const EMBEDDINGS_BATCHING: BatchingFormat = {
  inputOf({ input }) {
    const text: unknown = Array.isArray(input) && input.length === 1 ? input[0] : input
    return typeof text === 'string' && text !== '' ? text : undefined
  },
  withoutInput({ input: _input, ...rest }) {
    return rest
  },
  withInputs: (body, inputs) => ({ ...body, input: inputs }),
  split(answer, count) {
    const data: readonly unknown[] = Array.isArray(answer['data']) ? answer['data'] : []
    if (data.length !== count || !data.every(isRecord)) return 'unequal'
    const embeddings = inOrder(data)
    return embeddings?.map((embedding) => only(answer, embedding)) ?? 'unclear-order'
  },
  withUsage: (answer, inputTokens) => ({
    ...answer,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  }),
}

function only(answer: JsonBody, embedding: JsonBody): JsonBody {
  return { ...answer, data: [{ ...embedding, index: 0 }] }
}

/**
 * Sorts embeddings into the order of their texts by `index`, since an answer may list them in any order. The indexes may begin with 0 or 1.
 * An index may be written as a text of digits, and a missing one counts as 0. If all indexes are 0, the provider does not number its
 * embeddings, and they are already in order.
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

/**
 * Reads an index. A missing one is 0.
 * @returns NaN when the value is not an index
 */
function indexOf(index: unknown): number {
  if (index === undefined || index === null) return 0
  const number = typeof index === 'string' && /^\d{1,9}$/.test(index) ? Number(index) : index
  return typeof number === 'number' && Number.isInteger(number) ? number : NaN
}
