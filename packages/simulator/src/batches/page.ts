import { type Answer, jsonAnswer } from '../answers/answer.ts'
import { badRequest } from '../wires/openai/errors.ts'

/**
 * Returns one page of a list as OpenAI does. The newest objects come first, unless the query has `order=asc`. The page
 * begins after the id `after`, and has at most `limit` objects.
 */
export function pageAnswer(
  oldestFirst: readonly { id: string }[],
  query: URLSearchParams,
  usualLimit: number,
): Answer {
  const limit = Number(query.get('limit') ?? usualLimit)
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) {
    return badRequest("'limit' must be a whole number from 1 to 10000.", 'limit', 'invalid_value')
  }
  const list = query.get('order') === 'asc' ? oldestFirst : oldestFirst.toReversed()
  const after = query.get('after')
  const start = after === null ? 0 : list.findIndex(({ id }) => id === after) + 1
  if (after !== null && start === 0) return badRequest(`No such object: ${after}`, 'after')
  const data = list.slice(start, start + limit)
  return jsonAnswer({
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < list.length,
  })
}
