import { asArray, asObject, asString, isObject, type JsonObject } from '../../answers/json.ts'
import { blocksText } from './prompt.ts'

/** How many tokens of a prompt are read from the prompt cache, and how many are written to it. */
export interface CachedTokens {
  read: number
  /** The tokens written to the cache, by how long they stay in it. */
  written: { '5m': number; '1h': number }
}

/**
 * Counts the tokens before the last `cache_control` of a request. The share `readShare` of them is read from the cache,
 * the rest is written to it.
 *
 * @param total the tokens of the whole prompt
 */
export function cachedTokens(body: JsonObject, total: number, readShare: number): CachedTokens {
  const written = { '5m': 0, '1h': 0 }
  let bytes = 0
  let counted = 0
  for (const { text, control } of piecesOf(body)) {
    bytes += Buffer.byteLength(text)
    if (!isObject(control)) continue
    const tokens = Math.min(total, Math.floor(bytes / 4))
    written[control['ttl'] === '1h' ? '1h' : '5m'] += tokens - counted
    counted = tokens
  }
  const read = Math.floor(counted * readShare)
  // What was in the cache is the beginning of the prompt, and blocks with the longer time come first.
  const readOf1h = Math.min(read, written['1h'])
  return {
    read,
    written: { '1h': written['1h'] - readOf1h, '5m': written['5m'] - (read - readOf1h) },
  }
}

interface Piece {
  text: string
  control: unknown
}

/** Returns the pieces of a prompt in the order in which the cache sees them: tools, system, messages. */
function piecesOf(body: JsonObject): Piece[] {
  const pieces = [
    ...asArray(body['tools'])
      .map(asObject)
      .map((tool) => ({
        text: asString(tool['name']) + JSON.stringify(tool['input_schema'] ?? {}),
        control: tool['cache_control'],
      })),
    ...blocks(body['system']),
    ...asArray(body['messages']).flatMap((message) => blocks(asObject(message)['content'])),
  ]
  // A `cache_control` beside the messages stands for one at the last block.
  const last = pieces.at(-1)
  if (last && isObject(body['cache_control'])) last.control ??= body['cache_control']
  return pieces
}

function blocks(content: unknown): Piece[] {
  if (typeof content === 'string') return [{ text: content, control: undefined }]
  return asArray(content).map((block) => ({
    text: blocksText([block]),
    control: asObject(block)['cache_control'],
  }))
}
