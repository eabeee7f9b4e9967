import type { Block } from './blocks.ts'
import type { Stop } from './stop.ts'
import type { usageOf } from './usage.ts'

/**
 * Returns the events of a stream: `message_start`, for each block its start, deltas and stop, `message_delta`, `message_stop`. A `ping`
 * follows the start of the first block or, without blocks, `message_start`. Without a `stop_reason`, the last two events are left out.
 */
export function messageEvents(
  message: object,
  blocks: readonly Block[],
  stop: Stop,
  usage: ReturnType<typeof usageOf>,
): string[] {
  const start = { ...message, content: [], stop_reason: null, stop_sequence: null, usage: usage.first }
  const frames = [event('message_start', { message: start })]
  if (blocks.length === 0) frames.push(ping)
  for (const [index, { start: content_block, deltas }] of blocks.entries()) {
    frames.push(event('content_block_start', { index, content_block }))
    if (index === 0) frames.push(ping)
    for (const delta of deltas) frames.push(event('content_block_delta', { index, delta }))
    frames.push(event('content_block_stop', { index }))
  }
  if (stop.stop_reason !== null) {
    frames.push(event('message_delta', { delta: stop, usage: usage.delta }), event('message_stop', {}))
  }
  return frames
}

/** Formats a server-sent event whose name is its type. */
export function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

const ping = event('ping', {})
