import type { Operation } from './operation.ts'
import { AnyDialect } from './unknown/any-dialect.ts'
import { ChatDialect, type StreamEndRule } from './openai-chat/chat-dialect.ts'
import type { StreamDialect } from './stream-dialect.ts'
import { ResponsesDialect } from './openai-responses/responses-dialect.ts'

/** Who reads the streams of an operation. @param end what its provider ends a chat stream with */
export function dialectFor({ name }: Operation, end?: StreamEndRule): StreamDialect {
  if (name === 'responses') return new ResponsesDialect()
  return name === 'other' ? new AnyDialect() : new ChatDialect(end)
}
