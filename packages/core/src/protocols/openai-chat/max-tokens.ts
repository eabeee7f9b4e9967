import type { JsonBody } from '../../base/json.ts'
import { isOpenAI, type AdaptedFor } from '../openai/endpoint.ts'
import type { ProviderFormat } from '../protocol.ts'

type LimitName = ProviderFormat['maxTokensParam']

/**
 * Renames the output limit to the name that the target accepts: OpenAI's reasoning models refuse `max_tokens`, and many other providers
 * know only that.
 * @param adaptations collects a note about the rename
 */
export function withMaxTokens(body: JsonBody, to: AdaptedFor, adaptations: string[]): JsonBody {
  const wanted = to.provider.maxTokensParam ?? nameFor(to)
  const other = wanted === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  if (wanted === undefined || body[other] == null) return body
  const { [other]: limit, ...rest } = body
  adaptations.push(`${other} sent as ${wanted}`)
  return { ...rest, [wanted]: rest[wanted] ?? limit }
}

function nameFor({ model = '', provider }: AdaptedFor): LimitName {
  if (provider.kind === 'openai' && !isOpenAI(provider.baseURL)) return 'max_tokens'
  return /^(?:o\d|gpt-5)/.test(model) ? 'max_completion_tokens' : undefined
}
