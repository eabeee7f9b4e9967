import { isRecord, type JsonBody } from '../../base/json.ts'
import type { ProviderFormat } from '../protocol.ts'
import { vertexRootOf } from './address.ts'
import { someBlock } from './request.ts'

/**
 * Returns the reason why a provider cannot serve a request; undefined if it can. Vertex AI fetches no documents, so Anthropic's own SDK for
 * Vertex AI refuses such requests, too.
 */
export function whyUnable(body: JsonBody, { baseURL }: ProviderFormat): string | undefined {
  return vertexRootOf(baseURL) !== undefined && someBlock(body, isLinkedDocument)
    ? 'does not read documents from a URL'
    : undefined
}

function isLinkedDocument({ type, source }: JsonBody): boolean {
  return type === 'document' && isRecord(source) && source['type'] === 'url'
}

/**
 * Matches the families of models that share rate limits at Anthropic, by the beginning of the model's name. Every other model has limits of
 * its own. See https://platform.claude.com/docs/en/api/rate-limits.
 */
const FAMILIES = /^claude-(?:opus-4|sonnet-4|fable-5)(?=-|$)/
/** Matches what Amazon Bedrock and routers put before the model's name: `us.anthropic.`, `anthropic/`. */
const PREFIX = /^(?:[a-z-]+\.)?anthropic[./]/
/**
 * Matches the end of a name that says only the version of the model: a date or `latest`, and what Amazon Bedrock and Vertex AI add to it.
 * Examples are `-20250929-v1:0`, `@20250929`, `-latest`.
 */
const EDITION = /(?:[-@](?:\d{8}|latest|default))?(?:-v\d+(?::\d+)?)?(?:@[\w.-]+)?$/

/** Returns the name under which a model's rate limits are counted: that of its family, or else its own without the version. */
export function familyOf(model: string): string {
  const name = model.replace(PREFIX, '').replace(EDITION, '')
  if (!name.startsWith('claude-')) return model
  return FAMILIES.exec(name)?.[0] ?? name
}
