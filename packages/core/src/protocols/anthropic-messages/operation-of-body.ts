import { isRecord, type JsonBody } from '../../base/json.ts'
import type { Operation } from '../protocol.ts'
import { OTHER } from '../unknown/operation.ts'
import { isPinned, REQUEST, someBlock } from './request.ts'
import { familyOf, whyUnable } from './serving.ts'

/**
 * A request whose URL is not known, for `explain()` before the rest of this protocol is loaded. It has what decides about targets and keys.
 * Its tokens are estimated as those of a chat request.
 */
const MESSAGES: Operation = {
  ...OTHER.write,
  name: 'messages',
  protocol: 'anthropic-messages',
  vendor: 'anthropic',
  portable: true,
  request: REQUEST,
  endpoint: { ...OTHER.write.endpoint, withModel: (url) => url, whyUnable, quotaModelOf: familyOf },
}
const PINNED: Operation = { ...MESSAGES, portable: false }

/**
 * Recognises a body of the Messages API. It must contain something that no chat request has, since the simplest requests have the same
 * fields in both protocols.
 */
export function messagesOfBody(body: JsonBody): Operation | undefined {
  if (!Array.isArray(body['messages'])) return undefined
  const isOurs = FIELDS.some((name) => body[name] != null) || hasOwnTool(body) || someBlock(body, isOwnBlock)
  if (!isOurs) return undefined
  return isPinned(body) ? PINNED : MESSAGES
}

/** The fields that only the Messages API has beside `messages`. */
const FIELDS = ['system', 'anthropic_version', 'stop_sequences', 'mcp_servers', 'fallback_credit_token']
/** The types of content blocks that no chat request has. */
const BLOCKS = /^(?:tool_use|tool_result|server_tool_use|redacted_thinking)$/

function isOwnBlock({ type, source }: JsonBody): boolean {
  if (type === 'image' || type === 'document') return isRecord(source)
  return typeof type === 'string' && BLOCKS.test(type)
}

function hasOwnTool({ tools }: JsonBody): boolean {
  return Array.isArray(tools) && tools.some((tool) => isRecord(tool) && isRecord(tool['input_schema']))
}
