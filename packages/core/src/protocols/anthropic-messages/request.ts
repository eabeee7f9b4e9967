import { isRecord, type JsonBody } from '../../base/json.ts'
import type { Capability } from '../../reporting/target.ts'
import type { RequestFormat } from '../protocol.ts'
import { requestedTier } from '../shared/tier-header.ts'
import { modelInPath, streamsByPath } from './address.ts'
import { priceTierOf, tierFieldsOf } from './price-tier.ts'

/** How requests to the Messages API are read. */
export const REQUEST: RequestFormat = {
  modelOf: (url, body) => textOf(body?.['model']) ?? modelInPath(url),
  isStreaming: (url, body) => body?.['stream'] === true || streamsByPath(url),
  needsOf,
  serviceTierOf: (body, headers) => requestedTier(priceTierOf(tierFieldsOf(body)), headers),
  otherModelsOf,
  sessionOf: ({ metadata }) => (isRecord(metadata) ? textOf(metadata['user_id']) || undefined : undefined),
  storedWith: ({ tools }) => (Array.isArray(tools) && tools.some(runsCode) ? 'makes' : undefined),
  mayBeBilled: () => true,
}

/** Whether a tool runs code in a container, which later requests may continue. */
function runsCode(tool: unknown): boolean {
  return isRecord(tool) && textOf(tool['type'])?.startsWith('code_execution') === true
}

/** The maximum number of other models of a request that money is reserved for. */
const MAX_OTHER_MODELS = 32

/** Returns the models of the provider's own `fallbacks`, and those that a tool brings along, such as an advisor. */
function otherModelsOf({ fallbacks, tools }: JsonBody): readonly string[] {
  if (fallbacks === undefined && tools === undefined) return NO_MODELS
  // The models that Anthropic chooses are not known.
  if (fallbacks === 'default') return ['the default fallbacks']
  const named = [fallbacks, tools].flatMap((list: unknown): unknown[] => (Array.isArray(list) ? list : []))
  const models = named.flatMap((each) => (isRecord(each) ? (textOf(each['model']) ?? []) : []))
  return [...new Set(models)].slice(0, MAX_OTHER_MODELS)
}

const NO_MODELS: readonly string[] = []

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function needsOf(body: JsonBody): readonly Capability[] {
  const needs: Capability[] = []
  const { tools, output_config: config, output_format: format } = body
  if (Array.isArray(tools) && tools.length > 0) needs.push('tools')
  if (someBlock(body, isImage)) needs.push('vision')
  if (isRecord(format) || (isRecord(config) && isRecord(config['format']))) needs.push('json')
  return needs
}

function isImage({ type }: JsonBody): boolean {
  return type === 'image'
}

/** Whether any content block of the messages matches, including the blocks in the results of tools. */
export function someBlock({ messages }: JsonBody, matches: (block: JsonBody) => boolean): boolean {
  return (
    Array.isArray(messages) && messages.some((message) => isRecord(message) && inContent(message, matches))
  )
}

function inContent({ content }: JsonBody, matches: (block: JsonBody) => boolean): boolean {
  if (!Array.isArray(content)) return false
  return content.some(
    (block) =>
      isRecord(block) && (matches(block) || (block['type'] === 'tool_result' && inContent(block, matches))),
  )
}

/**
 * Whether a request can be served by one account only, and only once. Such a request continues a conversation or a container that the
 * provider stores, refers to an uploaded file, or redeems a credit for a refused request.
 */
export function isPinned(body: JsonBody): boolean {
  const { thread, container, fallback_credit_token: credit } = body
  return thread != null || credit != null || namesContainer(container) || someBlock(body, isStored)
}

/**
 * Whether a request continues an existing container, or has skills for a new one that only its account has: any but those of Anthropic.
 */
function namesContainer(container: unknown): boolean {
  if (!isRecord(container)) return typeof container === 'string'
  const { id, skills } = container
  return (
    id != null ||
    (Array.isArray(skills) && skills.some((skill) => isRecord(skill) && skill['type'] !== 'anthropic'))
  )
}

/** Whether a block refers to an uploaded file: as an image, as a document, or as an upload to a container. */
function isStored({ file_id: id, source }: JsonBody): boolean {
  return id != null || (isRecord(source) && source['file_id'] != null)
}
