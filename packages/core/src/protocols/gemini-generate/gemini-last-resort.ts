import { isRecord, type JsonBody } from '../../base/json.ts'
import { LAST_RESORT } from '../openai/last-resort.ts'
import type { LastResortFacts, LastResortFormat } from '../protocol.ts'

/**
 * How an answer of the option `lastResort` is put into Gemini's format. In a stream, the whole answer is sent as one event, since a chunk
 * has the same form as a whole answer.
 */
export const GEMINI_LAST_RESORT: LastResortFormat = {
  bodyOf: answerOf,
  eventsOf: (body) => [`data: ${JSON.stringify(withReasons(body))}\n\n`],
}

function answerOf(text: string, { id, model }: LastResortFacts): JsonBody {
  return {
    candidates: [{ content: { parts: [{ text }], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 },
    modelVersion: model,
    responseId: `${LAST_RESORT}-${id}`,
  }
}

/** Adds the finish reasons that the user's own answer leaves out: without them, a stream would look as if it were cut off. */
function withReasons(body: JsonBody): JsonBody {
  const { candidates } = body
  if (!Array.isArray(candidates)) return body
  return {
    ...body,
    candidates: candidates.map((each: unknown) =>
      isRecord(each) ? { finishReason: 'STOP', ...each } : each,
    ),
  }
}
