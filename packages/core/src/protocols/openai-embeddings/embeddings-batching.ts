import { isRecord, type JsonBody } from '../../base/json.ts'
import type { BatchingFormat } from '../protocol.ts'
import { inOrder } from './in-order.ts'

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
