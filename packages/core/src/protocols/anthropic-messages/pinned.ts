import { isRecord, type JsonBody } from '../../base/json.ts'
import { someBlock } from './request.ts'

/**
 * Whether only one account can serve a request, and only once: it continues a conversation or a container that the provider stores, refers
 * to an uploaded file, or redeems a credit for a refused request.
 */
export function isPinned(body: JsonBody): boolean {
  const { thread, container, fallback_credit_token: credit } = body
  return thread != null || credit != null || namesContainer(container) || someBlock(body, isStored)
}

/** Whether a request continues a container. One that only lists skills gets a new container. */
function namesContainer(container: unknown): boolean {
  return typeof container === 'string' || (isRecord(container) && container['id'] != null)
}

/** Whether a block is an uploaded file: an image, a document, or an upload to a container. */
function isStored({ file_id: id, source }: JsonBody): boolean {
  return id != null || (isRecord(source) && source['file_id'] != null)
}
